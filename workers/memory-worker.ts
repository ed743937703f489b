import { startPolling, type PollingPlace, type RunningWorker } from './polling.ts';
import type { CrawlActivities } from '../activities/knowledge/crawl/crawl-activity-types.ts';
import type { IngestionActivities } from '../activities/knowledge/ingestion-activity-types.ts';
import type { MemoryActivities } from '../activities/memory/memory-activity-types.ts';
import { memoryQueue } from '../contracts/task-queues.ts';

/** What a worker of memory is built from; `taskQueue` is the installation's. */
export interface MemoryWorkerDeps extends PollingPlace {
  readonly activities: IngestionActivities & CrawlActivities & MemoryActivities;
  readonly concurrentMemorySteps: number;
}

/** Starts polling for activities of memory and knowledge, whose workflows run with those of runs. */
export async function startMemoryWorker(deps: MemoryWorkerDeps): Promise<RunningWorker> {
  return startPolling({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: memoryQueue(deps.taskQueue),
    activities: { ...deps.activities },
    maxConcurrentActivityTaskExecutions: deps.concurrentMemorySteps,
  });
}
