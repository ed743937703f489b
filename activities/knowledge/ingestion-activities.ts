import { asActivity, beating } from '../as-activity.ts';
import { Context } from '@temporalio/activity';
import { awaitIndexed } from './await-indexed.ts';
import { cutDocument } from './cut-document.ts';
import { embedDocument } from './embed-document.ts';
import { endIngestion } from './end-ingestion.ts';
import type { IngestionActivities } from './ingestion-activity-types.ts';
import type { IngestionDeps } from './ingestion-deps.ts';

/** The activities of ingestions, for a worker to register. */
export function createIngestionActivities(deps: IngestionDeps): IngestionActivities {
  const during = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    asActivity(() => beating(() => work(Context.current().cancellationSignal)));
  return {
    cutDocument: (ref) => during((signal) => cutDocument(deps, ref, signal)),
    embedDocument: (args) => during((signal) => embedDocument(deps, args, signal)),
    awaitIndexed: (ref) => during((signal) => awaitIndexed(deps, ref, signal)),
    endIngestion: (args) => asActivity(() => endIngestion(deps, args)),
  };
}
