import { endIfClosed, type EndClosedDeps } from './reconciler.ts';
import { repeat } from './repeat.ts';
import type { RunControl } from '../contracts/run-control.ts';
import type { RunStore } from '../db/stores/run-store.ts';

/** What the sweeper works with. */
export interface SweeperDeps extends EndClosedDeps {
  readonly runs: Pick<RunStore, 'unstarted' | 'get'>;
  readonly control: Pick<RunControl, 'start'>;
  readonly everyMs?: number;
  /** Runs queued for longer than this may lack their workflow. */
  readonly olderThanMs?: number;
}

const EVERY_MS = 2_000;
const OLDER_THAN_MS = 5_000;
const BATCH = 50;

/**
 * Starts workflows of runs whose start was lost: the process died between the commit and the start,
 * or Temporal was away. Starting twice does nothing, so several sweepers may run.
 */
export function startSweeper(deps: SweeperDeps): AsyncDisposable {
  return repeat(
    deps.everyMs ?? EVERY_MS,
    () => sweep(deps),
    (error) => {
      deps.log.warn({ err: error }, 'starting queued runs failed; it is tried again');
    },
  );
}

/** One pass; answers with how many runs were started. */
export async function sweep(deps: SweeperDeps): Promise<number> {
  const claimed = await deps.runs.unstarted(deps.olderThanMs ?? OLDER_THAN_MS, BATCH);
  for (const queued of claimed) {
    const { workspaceId, runId } = queued;
    const run = await deps.runs.get(workspaceId, runId);
    const workflow = await deps.control.start({
      workspaceId,
      runId,
      agentName: run.agentName,
      version: run.version,
    });
    // Somebody ended it before its first step.
    if (workflow === 'closed') await endIfClosed(deps, queued);
    else deps.log.info({ runId }, 'started a queued run');
  }
  return claimed.length;
}
