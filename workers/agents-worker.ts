import { DefaultLogger, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { AgentRunActivities } from '../activities/agent-run-types.ts';
import type { MemoryActivities } from '../activities/memory/memory-activity-types.ts';
import type { CrawlActivities } from '../activities/knowledge/crawl/crawl-activity-types.ts';
import type { IngestionActivities } from '../activities/knowledge/ingestion-activity-types.ts';

/** What a worker is built from. */
export interface AgentsWorkerDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: AgentRunActivities &
    IngestionActivities &
    CrawlActivities &
    MemoryActivities;
  /** Path of the bundle made by `workflowBundle`. */
  readonly bundlePath: string;
  readonly concurrentSteps: number;
  readonly cachedRuns: number;
}

/** A worker that is polling. */
export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects when it broke. */
  readonly stopped: Promise<void>;
  /** Finishes what runs, within the grace time, and stops polling. */
  stop(): Promise<void>;
}

/** A cancelled activity learns of it with a heartbeat: this is how long a stop may take. */
const MAX_HEARTBEAT_THROTTLE_MS = 1_000;
const SHUTDOWN_GRACE_MS = 5_000;

/** Starts polling for workflows and activities of runs. */
export async function startAgentsWorker(deps: AgentsWorkerDeps): Promise<RunningWorker> {
  const worker = await Worker.create({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: deps.taskQueue,
    activities: { ...deps.activities },
    workflowBundle: { codePath: deps.bundlePath },
    maxConcurrentActivityTaskExecutions: deps.concurrentSteps,
    maxConcurrentLocalActivityExecutions: deps.concurrentSteps,
    maxCachedWorkflows: deps.cachedRuns,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
    defaultHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
    // A dead worker's sticky queue delays its runs by this long.
    stickyQueueScheduleToStartTimeout: 3_000,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
  });
  const stopped = worker.run();
  stopped.catch(() => undefined);
  return {
    stopped,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}

/**
 * Lets Temporal's core log warnings only, on standard error. Works once per process, before its
 * first connection for a worker.
 */
export function quietCore(write: (line: string) => void): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const failure = meta?.['error'] instanceof Error ? `: ${meta['error'].message}` : '';
    write(`temporal ${level.toLowerCase()}: ${message}${failure}`);
  });
  Runtime.install({ logger });
}
