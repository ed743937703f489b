import { runningIngestion, type IngestionDeps } from './ingestion-deps.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 250;
const WAIT_MS = 15_000;

/**
 * Waits until indexes have learnt of a document's pieces. They learn of them in any case: a slow index
 * keeps no ingestion from its end, which then says how many are in.
 */
export async function awaitIndexed(
  deps: IngestionDeps,
  ref: IngestionRef,
  signal: AbortSignal,
): Promise<boolean> {
  const { knowledge, indexWaitMs = WAIT_MS } = deps;
  const { workspaceId, documentId, ingestionId } = ref;
  const until = Date.now() + indexWaitMs;
  for (;;) {
    await runningIngestion(deps, ref);
    const { chunks: total } = await knowledge.getDocument(workspaceId, documentId);
    const waiting = await knowledge.unindexed(workspaceId, documentId);
    const last = waiting === 0 || Date.now() >= until;
    await knowledge.ingestionStep(workspaceId, ingestionId, {
      step: 'index',
      state: last ? 'succeeded' : 'running',
      done: Math.max(0, total - waiting),
      total,
    });
    if (last) return waiting === 0;
    await sleep(LOOK_MS, undefined, { signal });
  }
}
