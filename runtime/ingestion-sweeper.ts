import type { IngestionControl } from '../contracts/ingestion-control.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';
import type { Logger } from './logger.ts';
import { startSweeping, sweepQuiet } from './sweep-quiet.ts';

/** What the sweeper of ingestions works with. */
export interface IngestionSweeperDeps {
  readonly knowledge: Pick<KnowledgeStore, 'quietIngestions' | 'endIngestion'>;
  readonly control: Pick<IngestionControl, 'start'>;
  readonly log: Logger;
  /** Ingestions that wrote nothing for this long may lack their workflow. */
  readonly quietMs?: number;
}

/**
 * Starts workflows of ingestions whose start was lost, since an ingestion that never ends keeps its
 * document from another one. Starting twice does nothing, so several sweepers may run.
 */
export function startIngestionSweeper(deps: IngestionSweeperDeps): AsyncDisposable {
  return startSweeping('ingestions', deps.log, () => sweepIngestions(deps));
}

/** One pass; answers with how many quiet ones there were. */
export function sweepIngestions({
  knowledge,
  control,
  quietMs,
}: IngestionSweeperDeps): Promise<number> {
  return sweepQuiet({
    quietMs,
    quiet: (search) => knowledge.quietIngestions(search),
    start: (ref) => control.start(ref),
    fail: ({ workspaceId, ingestionId }, error) =>
      knowledge.endIngestion(workspaceId, ingestionId, { state: 'failed', error }),
  });
}
