/** States of a run. `waiting` means that at least one human task is open. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
] as const;
/** State of a run. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** States that a run never leaves. */
export const TERMINAL_RUN_STATUSES = ['succeeded', 'failed', 'cancelled'] as const;

/** True when a run in this state has ended. */
export function isTerminal(status: RunStatus): boolean {
  return (TERMINAL_RUN_STATUSES as readonly string[]).includes(status);
}

/** States of a step. `unknown` cannot be: an unknown outcome is a human task of a waiting step. */
export const STEP_STATUSES = ['running', 'waiting', 'done', 'failed', 'cancelled'] as const;
/** State of a step. */
export type StepStatus = (typeof STEP_STATUSES)[number];

/** States of a human task. */
export const HUMAN_TASK_STATUSES = ['open', 'decided', 'expired', 'cancelled'] as const;
/** State of a human task. */
export type HumanTaskStatus = (typeof HUMAN_TASK_STATUSES)[number];

/** States of an agent. */
export const AGENT_STATUSES = ['draft', 'published', 'archived'] as const;
/** State of an agent: published once it has a version, archived agents start no runs. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** What an API key may do; each role includes the later ones. */
export const ROLES = ['admin', 'author', 'runner', 'viewer'] as const;
/** Role of an API key in its workspace. */
export type Role = (typeof ROLES)[number];
