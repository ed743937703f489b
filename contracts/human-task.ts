import type { Json, JsonSchema } from './json.ts';
import type { HumanTaskStatus } from './status.ts';
import type { Value } from './blob.ts';

/** What a person may decide. */
export const DECISION_KINDS = ['approve', 'reject', 'edit', 'answer'] as const;
/** Kind of a decision. */
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** Why a person is asked. */
export const HUMAN_TASK_KINDS = ['review', 'tool_approval', 'question', 'unknown_outcome'] as const;
/** Kind of a human task. */
export type HumanTaskKind = (typeof HUMAN_TASK_KINDS)[number];

/** A person's decision; `value` carries an edit or an answer and fits the task's form. */
export interface Decision {
  readonly decisionId: string;
  readonly kind: DecisionKind;
  readonly value?: Value;
  readonly reason?: string;
  /** API key that decided. */
  readonly decidedBy: string;
  /** ISO 8601. */
  readonly decidedAt: string;
}

/** A question to a person, as a step's executor writes it. */
export interface HumanTaskDraft {
  readonly id: string;
  readonly kind: HumanTaskKind;
  readonly title: string;
  readonly description: string;
  /** What is to be decided on: a report, a tool call's arguments. */
  readonly subject: Value;
  /** The value of `edit` and `answer` must fit; `true` accepts anything. */
  readonly form: JsonSchema;
  readonly allowed: readonly DecisionKind[];
  readonly assignees: readonly string[];
  /** Milliseconds since the epoch; null waits for ever. */
  readonly deadlineAt: number | null;
}

/** A pending or settled question to a person. */
export interface HumanTask extends Omit<HumanTaskDraft, 'deadlineAt'> {
  readonly workspaceId: string;
  readonly runId: string;
  readonly stepId: string;
  readonly status: HumanTaskStatus;
  readonly deadlineAt: string | null;
  readonly decision: Decision | null;
  readonly createdAt: string;
}

/** How a waiting step was answered: by a person or by the clock. */
export type Settlement =
  { readonly by: 'decision'; readonly decision: Decision } | { readonly by: 'timeout' };

/** A form that accepts anything. */
export const ANY_FORM: Json & JsonSchema = true;
