/** The queues that a worker can serve. */
export const WORKER_QUEUES = ['agents', 'memory'] as const;

/** `agents` is for runs; `memory` for what memory and knowledge do behind them. */
export type WorkerQueue = (typeof WORKER_QUEUES)[number];

/**
 * Name of the task queue of memory and knowledge in an installation: documents that wait for an
 * embedder wait there, and keep no run from its worker.
 */
export function memoryQueue(taskQueue: string): string {
  return `${taskQueue}-memory`;
}
