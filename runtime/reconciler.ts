import { runEnded } from '../activities/step/event-data.ts';
import type { FindClosed } from '../temporal/closed-workflow.ts';
import type { Journal } from '../contracts/journal.ts';
import type { Logger } from './logger.ts';
import { repeat } from './repeat.ts';
import type { QuietRun, RunStore } from '../db/stores/run-store.ts';
import type { RunEnd } from '../contracts/frontier.ts';

/** What ending a run takes whose workflow is closed. */
export interface EndClosedDeps {
  readonly journal: Pick<Journal, 'commit'>;
  readonly findClosed: FindClosed;
  readonly log: Logger;
}

/** What the reconciler works with. */
export interface ReconcilerDeps extends EndClosedDeps {
  readonly runs: Pick<RunStore, 'claimQuiet'>;
}

const EVERY_MS = 5_000;
/** A run that journals nothing for this long is looked at. */
const QUIET_MS = 30_000;
/** However long a run has been quiet: an end by an operator is noticed after this at the latest. */
const LONGEST_PAUSE_MS = 15 * 60_000;
/** For each status in each pass: runs that wait for people never keep others from being seen. */
const BATCH = 100;

/**
 * Ends runs whose workflow was ended behind our back: terminated, timed out, failed or deleted.
 * Several reconcilers may run; the journal lets no run end twice.
 */
export function startReconciler(deps: ReconcilerDeps): AsyncDisposable {
  return repeat(
    EVERY_MS,
    () => reconcile(deps),
    (error) => {
      deps.log.warn({ err: error }, 'looking for closed workflows failed; it is tried again');
    },
  );
}

/** One pass; answers with how many runs were ended. */
export async function reconcile(deps: ReconcilerDeps): Promise<number> {
  let ended = 0;
  for (const status of ['running', 'waiting'] as const) {
    const quiet = await deps.runs.claimQuiet({
      status,
      quietMs: QUIET_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      limit: BATCH,
    });
    for (const run of quiet) if (await endIfClosed(deps, run)) ended += 1;
  }
  return ended;
}

/** Ends the run if its workflow is closed; false if nothing was to be ended. */
export async function endIfClosed(deps: EndClosedDeps, run: QuietRun): Promise<boolean> {
  const { workspaceId, runId, epoch } = run;
  const what = await deps.findClosed(runId);
  if (what === null) return false;
  const message = `the run cannot go on: ${what}`;
  const end: RunEnd = { status: 'failed', error: { code: 'run.workflow_closed', message } };
  // Refused where the workflow has recorded an end before it closed, or a later epoch goes on.
  const answer = await deps.journal.commit({
    workspaceId,
    runId,
    epoch,
    events: [runEnded(end, null)],
    end: { end, output: null, messages: [] },
  });
  if (answer.kind !== 'committed') return false;
  deps.log.warn({ runId, reason: what }, 'ended a run whose workflow is closed');
  return true;
}
