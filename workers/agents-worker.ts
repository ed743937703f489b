import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startPolling, type PollingPlace, type RunningWorker } from './polling.ts';
import type { AgentRunActivities } from '../activities/agent-run-types.ts';

/** What a worker of runs is built from. */
export interface AgentsWorkerDeps extends PollingPlace {
  readonly activities: AgentRunActivities;
  /** Path of the bundle made by `workflowBundle`. */
  readonly bundlePath: string;
  readonly concurrentSteps: number;
  readonly cachedRuns: number;
}

/** Starts polling for all workflows, and for activities of runs. */
export async function startAgentsWorker(deps: AgentsWorkerDeps): Promise<RunningWorker> {
  return startPolling({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: deps.taskQueue,
    activities: { ...deps.activities },
    workflowBundle: { codePath: deps.bundlePath },
    maxConcurrentActivityTaskExecutions: deps.concurrentSteps,
    maxConcurrentLocalActivityExecutions: deps.concurrentSteps,
    maxCachedWorkflows: deps.cachedRuns,
    // A dead worker's sticky queue delays its runs by this long.
    stickyQueueScheduleToStartTimeout: 3_000,
  });
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
