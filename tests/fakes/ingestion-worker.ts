import { connectWorker } from '../../temporal/connection.ts';
import { createDatabase } from '../../db/database.ts';
import { createIngestionActivities } from '../../activities/knowledge/ingestion-activities.ts';
import { createKnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { createProcessParser } from '../../adapters/documents/process-parser.ts';
import { startAgentsWorker, type AgentsWorkerDeps } from '../../workers/agents-worker.ts';
import { startMemoryWorker, type MemoryWorkerDeps } from '../../workers/memory-worker.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';

/** Where a worker of ingestions finds its servers. */
export interface IngestionWorkerOrder {
  readonly connectionString: string;
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly bundlePath: string;
  readonly embedUrl: string;
}

const DIM = 4;

/** An embedder that asks a server of the test, which counts and may keep it waiting. */
export function countedEmbedder(url: string): Embedder {
  return {
    ref: { id: 'counted', revision: '1', dim: DIM },
    quality: 'semantic',
    profile: { remote: true, maxTextBytes: 10_000 },
    embed: async (texts, { signal }) => {
      const body = JSON.stringify(texts);
      const init = { method: 'POST', body, ...(signal === undefined ? {} : { signal }) };
      const answer = await fetch(url, init);
      if (!answer.ok) throw new Error(`the embedder answered ${answer.status}`);
      return texts.map((text) => Float32Array.from([text.length, 1, 0, 0]));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Starts a worker that knows ingestions only. */
export async function startIngestionWorker(order: IngestionWorkerOrder): Promise<AsyncDisposable> {
  const { connectionString, address, namespace, taskQueue, bundlePath, embedUrl } = order;
  const database = createDatabase({ connectionString, maxConnections: 4 });
  const connection = await connectWorker({ address, namespace });
  const activities = createIngestionActivities({
    knowledge: createKnowledgeStore(database),
    parser: createProcessParser(),
    embedderFor: () => countedEmbedder(embedUrl),
    indexWaitMs: 1_000,
  });
  const place = { connection, namespace, taskQueue, bundlePath };
  const workers = [
    await startAgentsWorker({
      ...{ ...place, concurrentSteps: 4, cachedRuns: 10 },
      // It serves no runs.
      activities: {} as AgentsWorkerDeps['activities'],
    }),
    await startMemoryWorker({
      ...{ ...place, concurrentMemorySteps: 4 },
      activities: activities as MemoryWorkerDeps['activities'],
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await connection.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
