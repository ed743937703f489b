/** How a step is executed: by an activity of its own, or inside a segment of cheap steps. */
export const GEARS = ['step', 'segment'] as const;
/** Gear of a step. */
export type Gear = (typeof GEARS)[number];

/** Attempts of a step and the pauses between them. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoff: number;
  readonly maxIntervalMs: number;
}

/** Where a run goes from a node. Conditions are evaluated by the step's executor. */
export type PlanExit =
  | { readonly kind: 'none' }
  | { readonly kind: 'normal'; readonly to: string }
  /** `cases[i]` is taken when the outcome says `take: i`; `else` when it says -1. */
  | {
      readonly kind: 'conditional';
      readonly cases: readonly string[];
      readonly else: string | null;
    }
  | { readonly kind: 'fanout'; readonly to: readonly string[] };

/** When a join lets the run go on; `count` arrivals are needed for `n`. */
export type PlanJoin = {
  /** Number of forks still open behind the join. */
  readonly depth: number;
} & (
  | { readonly mode: 'all' }
  | { readonly mode: 'any' }
  | { readonly mode: 'n'; readonly count: number }
);

/** What the interpreter needs to know of a node; its config stays with the agent version. */
export interface PlanNode {
  readonly type: string;
  readonly gear: Gear;
  readonly timeoutMs: number;
  readonly heartbeat: boolean;
  readonly retry: RetryPolicy;
  /** Where a finally failed step sends the run; null fails the run. */
  readonly onErrorGoto: string | null;
  readonly exit: PlanExit;
  readonly join: PlanJoin | null;
  /** Joins that can be reached from here: an `all` join waits for those who may still come. */
  readonly reaches: readonly string[];
}

/** Ceilings of a run; `null` in `maxTokens` and its like is not possible: defaults are filled in. */
export interface Budgets {
  readonly maxSteps: number;
  readonly maxModelCalls: number;
  readonly maxToolCalls: number;
  readonly maxTokens: number;
  readonly maxDurationMs: number;
}

/** The compiled graph as the interpreter sees it: small, plain JSON. */
export interface Plan {
  readonly start: string;
  readonly nodes: Readonly<Record<string, PlanNode>>;
  readonly budgets: Budgets;
  /** Present where something is learnt from a run that has succeeded. */
  readonly learns?: true;
}
