import type { Failure } from './app-error.ts';
import type { Gear, RetryPolicy } from './plan.ts';
import type { Value } from './blob.ts';

/** What a step used, counted against the run's budgets. */
export interface Usage {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** No use at all. */
export const NO_USAGE: Usage = { modelCalls: 0, toolCalls: 0, inputTokens: 0, outputTokens: 0 };

/** A step to execute; small, so that it may stand in a history. */
export interface StepCall {
  /** `node:visit`, with `@path` in a branch; stable over retries and gears. */
  readonly stepId: string;
  readonly nodeId: string;
  /** `call` is one tool call that a `node` step asked for. */
  readonly op: 'node' | 'call';
  /** 1 for the first visit of the node on this branch. */
  readonly visit: number;
  /** Place in the graph's order; see engine/order-key.ts. */
  readonly key: string;
  /** For `call`: the step that asked, and which of its calls this is. */
  readonly parentStepId?: string;
  readonly callIndex?: number;
}

/** A call that a step asks for; runs in a branch of its own, in the order given. */
export interface SpawnedCall {
  readonly gear: Gear;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly heartbeat: boolean;
}

/** What the interpreter learns of an executed step: decisions and counts, never values. */
export type StepOutcome =
  /** `take`: index of the conditional case taken, -1 for else; absent for other exits. */
  | { readonly kind: 'done'; readonly take?: number; readonly usage?: Usage }
  /** The node is visited again when all calls have finished. */
  | { readonly kind: 'spawn'; readonly calls: readonly SpawnedCall[]; readonly usage?: Usage }
  /** The step is executed again once the task is settled. */
  | {
      readonly kind: 'wait';
      readonly taskId: string;
      readonly deadlineAt: number | null;
      readonly usage?: Usage;
    }
  | { readonly kind: 'failed'; readonly error: Failure; readonly usage?: Usage };

/** A write to a channel; the channel's reducer says what it does. */
export interface Delta {
  readonly channel: string;
  readonly value: Value;
}

/** How a channel takes a write. */
export const REDUCERS = ['replace', 'append', 'merge'] as const;
/** Reducer of a channel. */
export type Reducer = (typeof REDUCERS)[number];
