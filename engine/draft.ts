import { exceededBudget } from './budgets.ts';
import { depthOf, pathOf, shortPath } from './order-key.ts';
import { AppError, type Failure } from '../contracts/app-error.ts';
import type { Frontier, JoinArrivals, OpenSpawn, RunEnd, Token } from '../contracts/frontier.ts';
import type { Plan, PlanNode } from '../contracts/plan.ts';
import type { Usage } from '../contracts/step.ts';
import { LIMITS } from '../contracts/limits.ts';

/** A frontier while one outcome is applied: its lists are copies that may be changed in place. */
export interface Draft {
  readonly plan: Plan;
  readonly base: Frontier;
  readonly now: number;
  tokens: Token[];
  spawns: OpenSpawn[];
  joins: JoinArrivals[];
  visits: Record<string, number>;
  steps: number;
  used: Usage;
  end: RunEnd | null;
  readonly cancelled: string[];
  /** Keys of forks that were closed on the way. */
  readonly closed: string[];
}

/** Where the run stands after a change, and the steps that were given up on the way. */
export interface Advanced {
  readonly frontier: Frontier;
  /** Ids of steps that were ready, running or waiting and are not wanted any more. */
  readonly cancelled: readonly string[];
}

/** Opens a frontier for changes. */
export function openDraft(plan: Plan, base: Frontier, now: number): Draft {
  return {
    plan,
    base,
    now,
    tokens: [...base.tokens],
    spawns: [...base.spawns],
    joins: [...base.joins],
    visits: { ...base.visits },
    steps: base.steps,
    used: base.used,
    end: base.end,
    cancelled: [],
    closed: [],
  };
}

/** The changed frontier; the run has succeeded when nothing is left to do. */
export function closeDraft(draft: Draft): Advanced {
  const { base, tokens, spawns, joins, visits, steps, used, cancelled } = draft;
  const idle = tokens.length === 0 && spawns.length === 0 && joins.length === 0;
  const end: RunEnd | null = draft.end ?? (idle ? { status: 'succeeded' } : null);
  const { epoch, startedAt } = base;
  return {
    frontier: { epoch, tokens, spawns, joins, visits, steps, used, startedAt, end },
    cancelled,
  };
}

/** The node of a plan. Throws when the plan and the frontier do not belong together. */
export function nodeOf(plan: Plan, nodeId: string): PlanNode {
  const node = Object.hasOwn(plan.nodes, nodeId) ? plan.nodes[nodeId] : undefined;
  if (node === undefined) throw new AppError('internal', `the plan has no node ${nodeId}`);
  return node;
}

/** Adds a step that visits the node, unless a budget forbids it: then the run fails. */
export function addVisit(draft: Draft, nodeId: string, key: string): void {
  if (depthOf(key) > LIMITS.forkDepth) {
    endRun(draft, {
      code: 'graph.too_deep',
      message: `forks are nested more than ${LIMITS.forkDepth} deep at node ${nodeId}; join branches before forking again`,
    });
    return;
  }
  const { gear, timeoutMs, heartbeat, retry } = nodeOf(draft.plan, nodeId);
  const path = shortPath(pathOf(key));
  const counter = `${nodeId}@${path}`;
  const visit = (draft.visits[counter] ?? 0) + 1;
  const stepId = path === '' ? `${nodeId}:${visit}` : `${nodeId}:${visit}@${path}`;
  if (
    !addToken(draft, { stepId, nodeId, op: 'node', visit, key, gear, timeoutMs, heartbeat, retry })
  ) {
    return;
  }
  draft.visits[counter] = visit;
}

/** Adds a step at its place in the graph's order; false if the run has ended or ends for it. */
export function addToken(draft: Draft, token: Token): boolean {
  if (draft.end !== null) return false;
  const { plan, base, now, used, steps, tokens } = draft;
  const typeOf = (nodeId: string): string => nodeOf(plan, nodeId).type;
  const spending = { used, steps, tokens, elapsedMs: now - base.startedAt, typeOf };
  const budget = exceededBudget(plan.budgets, spending, token);
  if (budget !== null) {
    endRun(draft, {
      code: 'budget.exceeded',
      message: `the run has used up its budget ${budget} (${plan.budgets[budget]}); raise it in the agent's budgets`,
    });
    return false;
  }
  let at = tokens.length;
  while (at > 0 && (tokens[at - 1]?.key ?? '') > token.key) at--;
  tokens.splice(at, 0, token);
  draft.steps += 1;
  return true;
}

/** Ends the run as failed; what has not finished is given up. The first end stands. */
export function endRun(draft: Draft, error: Failure): void {
  if (draft.end !== null) return;
  for (const token of draft.tokens) draft.cancelled.push(token.stepId);
  draft.end = { status: 'failed', error };
  draft.tokens = [];
  draft.spawns = [];
  draft.joins = [];
  draft.visits = {};
}
