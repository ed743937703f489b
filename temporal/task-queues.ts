/**
 * The queues that workers poll. Activities on the workflow's own queue are dispatched eagerly, so
 * only slow or limited work has a queue of its own.
 */
export const TASK_QUEUES = {
  /** Workflows, model calls, the journal and light tools. */
  agents: 'agents',
  tools: 'tools',
  sandboxes: 'sandboxes',
  memory: 'memory',
} as const;

/** The name of a queue. */
export type TaskQueue = (typeof TASK_QUEUES)[keyof typeof TASK_QUEUES];
