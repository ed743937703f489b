import type { Failure } from './app-error.ts';
import type { Gear, RetryPolicy } from './plan.ts';
import type { StepCall, Usage } from './step.ts';

/** A step that is ready, running or waited for. */
export interface Token extends StepCall {
  readonly gear: Gear;
  readonly timeoutMs: number;
  readonly heartbeat: boolean;
  readonly retry: RetryPolicy;
  /** Present while the step waits for a person. */
  readonly waitingFor?: { readonly taskId: string; readonly deadlineAt: number | null };
}

/** A step that asked for calls and is visited again when they have finished. */
export interface OpenSpawn {
  readonly stepId: string;
  readonly nodeId: string;
  readonly key: string;
  readonly open: number;
}

/** Branches that have come to a join which has not let them go on. */
export interface JoinArrivals {
  readonly nodeId: string;
  /** Path of the branch that goes on behind the join. */
  readonly path: string;
  /** Index on that path of the fork that the join closes. */
  readonly forkIndex: number;
  readonly arrived: number;
}

/** How a run ends. */
export type RunEnd =
  | { readonly status: 'succeeded' }
  | { readonly status: 'failed'; readonly error: Failure }
  | { readonly status: 'cancelled' };

/** Where a run stands: small, plain JSON, no values. The workflow's whole state. */
export interface Frontier {
  /** Raised by a rewind; steps of earlier epochs are superseded. */
  readonly epoch: number;
  /** In the graph's order. */
  readonly tokens: readonly Token[];
  readonly spawns: readonly OpenSpawn[];
  readonly joins: readonly JoinArrivals[];
  /** Visits by node and branch path, for step ids. */
  readonly visits: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly used: Usage;
  /** Milliseconds since the epoch, from the run's row. */
  readonly startedAt: number;
  readonly end: RunEnd | null;
}
