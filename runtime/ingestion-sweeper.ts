import { repeat } from './repeat.ts';
import type { IngestionControl } from '../contracts/ingestion-control.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';
import type { Logger } from './logger.ts';
import { sweepQuiet } from './sweep-quiet.ts';

/** What the sweeper of ingestions works with. */
export interface IngestionSweeperDeps {
  readonly knowledge: Pick<KnowledgeStore, 'quietIngestions' | 'endIngestion'>;
  readonly control: Pick<IngestionControl, 'start'>;
  readonly log: Logger;
  readonly everyMs?: number;
  /** Ingestions that wrote nothing for this long may lack their workflow. */
  readonly quietMs?: number;
}

const EVERY_MS = 10_000;
const QUIET_MS = 30_000;

/**
 * Starts workflows of ingestions whose start was lost, since an ingestion that never ends keeps its
 * document from another one. Starting twice does nothing, so several sweepers may run.
 */
export function startIngestionSweeper(deps: IngestionSweeperDeps): AsyncDisposable {
  return repeat(
    deps.everyMs ?? EVERY_MS,
    () => sweepIngestions(deps),
    (error) => {
      deps.log.warn({ err: error }, 'looking after ingestions failed; it is tried again');
    },
  );
}

/** One pass; answers with how many quiet ones there were. */
export function sweepIngestions({
  knowledge,
  control,
  quietMs = QUIET_MS,
}: IngestionSweeperDeps): Promise<number> {
  return sweepQuiet({
    quietMs,
    quiet: (search) => knowledge.quietIngestions(search),
    start: (ref) => control.start(ref),
    fail: ({ workspaceId, ingestionId }, error) =>
      knowledge.endIngestion(workspaceId, ingestionId, { state: 'failed', error }),
  });
}
