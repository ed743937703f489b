import {
  addToken,
  addVisit,
  closeDraft,
  endRun,
  nodeOf,
  openDraft,
  type Advanced,
  type Draft,
} from './draft.ts';
import { addUsage } from './budgets.ts';
import { branchKey, firstKey, isUnder, nextKey, pathOf, shortPath } from './order-key.ts';
import { cancelUnder, enterNode, settleJoins } from './joins.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Frontier, OpenSpawn, RunEnd, Token } from '../contracts/frontier.ts';
import { NO_USAGE, type SpawnedCall, type StepOutcome } from '../contracts/step.ts';
import type { Plan, PlanNode } from '../contracts/plan.ts';

export type { Advanced } from './draft.ts';

/** What happened to a step. */
export interface AdvanceInput {
  readonly stepId: string;
  readonly outcome: StepOutcome;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where a run stands before its first step. `startedAt` is in milliseconds since the epoch. */
export function begin(plan: Plan, startedAt: number): Frontier {
  const empty: Frontier = {
    epoch: 0,
    tokens: [],
    spawns: [],
    joins: [],
    visits: {},
    steps: 0,
    used: NO_USAGE,
    startedAt,
    end: null,
  };
  const draft = openDraft(plan, empty, startedAt);
  enterNode(draft, plan.start, firstKey());
  return closeDraft(draft).frontier;
}

/**
 * Applies the outcome of a step. The outcome of a step that the run does not wait for, because it
 * was given up or counted before, changes nothing.
 */
export function advance(plan: Plan, frontier: Frontier, input: AdvanceInput): Advanced {
  const at = frontier.tokens.findIndex((token) => token.stepId === input.stepId);
  const token = frontier.tokens[at];
  if (token === undefined) return { frontier, cancelled: [] };
  const draft = openDraft(plan, frontier, input.now);
  const { outcome } = input;
  draft.used = addUsage(draft.used, outcome.usage);
  if (outcome.kind === 'wait') {
    const { taskId, deadlineAt } = outcome;
    draft.tokens[at] = { ...token, waitingFor: { taskId, deadlineAt } };
    return closeDraft(draft);
  }
  draft.tokens.splice(at, 1);
  apply(draft, token, outcome);
  settleJoins(draft);
  return closeDraft(draft);
}

/** The step that waits for the task is ready again; unchanged if none does. */
export function settle(frontier: Frontier, taskId: string): Frontier {
  const at = frontier.tokens.findIndex((token) => token.waitingFor?.taskId === taskId);
  const waiting = frontier.tokens[at];
  if (waiting === undefined) return frontier;
  const { waitingFor: _, ...ready } = waiting;
  return { ...frontier, tokens: frontier.tokens.with(at, ready) };
}

/** Ends the run as cancelled; a run that has ended stays as it is. */
export function cancelRun(frontier: Frontier): Advanced {
  return endNow(frontier, { status: 'cancelled' });
}

/** Ends the run as failed; a run that has ended stays as it is. */
export function failRun(frontier: Frontier, failure: Failure): Advanced {
  return endNow(frontier, { status: 'failed', error: failure });
}

function endNow(frontier: Frontier, end: RunEnd): Advanced {
  if (frontier.end !== null) return { frontier, cancelled: [] };
  return {
    frontier: { ...frontier, tokens: [], spawns: [], joins: [], visits: {}, end },
    cancelled: frontier.tokens.map((token) => token.stepId),
  };
}

function apply(draft: Draft, token: Token, outcome: Exclude<StepOutcome, { kind: 'wait' }>): void {
  const node = nodeOf(draft.plan, token.nodeId);
  const spawn = spawnOf(draft, token);
  switch (outcome.kind) {
    case 'failed':
      fail(draft, { nodeId: token.nodeId, key: (spawn ?? token).key, spawn }, outcome.error);
      return;
    case 'spawn':
      startCalls(draft, token, outcome.calls);
      return;
    case 'done':
      if (spawn !== undefined) finishCall(draft, spawn);
      else leave(draft, { token, node }, outcome.take);
  }
}

/** The step that asked for this call; undefined for steps that visit a node. */
function spawnOf(draft: Draft, token: Token): OpenSpawn | undefined {
  if (token.op === 'node') return undefined;
  return draft.spawns.find((spawn) => spawn.stepId === token.parentStepId);
}

/** A failed call fails the step that asked for it, whose other calls are given up. */
function fail(
  draft: Draft,
  at: { readonly nodeId: string; readonly key: string; readonly spawn: OpenSpawn | undefined },
  error: Failure,
): void {
  const { onErrorGoto } = nodeOf(draft.plan, at.nodeId);
  if (onErrorGoto === null) {
    endRun(draft, error);
    return;
  }
  if (at.spawn !== undefined) {
    draft.spawns = draft.spawns.filter((spawn) => spawn !== at.spawn);
    cancelUnder(draft, at.key);
  }
  enterNode(draft, onErrorGoto, nextKey(at.key));
}

function startCalls(draft: Draft, token: Token, calls: readonly SpawnedCall[]): void {
  const { nodeId, stepId, key } = token;
  if (token.op === 'call') {
    endRun(draft, { code: 'internal', message: `call ${stepId} asked for calls; only steps may` });
    return;
  }
  if (calls.length === 0) {
    revisit(draft, nodeId, key);
    return;
  }
  draft.spawns.push({ stepId, nodeId, key, open: calls.length });
  for (const [callIndex, call] of calls.entries()) {
    const inside = branchKey(key, callIndex);
    const added = addToken(draft, {
      stepId: `${nodeId}.call:${callIndex + 1}@${shortPath(pathOf(inside))}`,
      nodeId,
      op: 'call',
      visit: 1,
      key: inside,
      parentStepId: stepId,
      callIndex,
      gear: call.gear,
      timeoutMs: call.timeoutMs,
      heartbeat: call.heartbeat,
      retry: call.retry,
    });
    if (!added) return;
  }
}

function finishCall(draft: Draft, spawn: OpenSpawn): void {
  const at = draft.spawns.indexOf(spawn);
  if (spawn.open > 1) draft.spawns[at] = { ...spawn, open: spawn.open - 1 };
  else {
    draft.spawns.splice(at, 1);
    revisit(draft, spawn.nodeId, spawn.key);
  }
}

/** The node goes on where it was: a join in front of it has let this branch in already. */
function revisit(draft: Draft, nodeId: string, key: string): void {
  addVisit(draft, nodeId, nextKey(key));
}

function leave(
  draft: Draft,
  from: { readonly token: Token; readonly node: PlanNode },
  take: number | undefined,
): void {
  const { key, nodeId } = from.token;
  const { exit } = from.node;
  switch (exit.kind) {
    case 'none':
      return;
    case 'normal':
      enterNode(draft, exit.to, nextKey(key));
      return;
    case 'conditional': {
      const target = take === -1 ? exit.else : exit.cases[take ?? exit.cases.length];
      if (target === undefined || target === null) {
        endRun(draft, {
          code: 'graph.no_branch',
          message: `no case of node ${nodeId} holds and it has no else; add one`,
        });
        return;
      }
      enterNode(draft, target, nextKey(key));
      return;
    }
    case 'fanout':
      for (const [branch, target] of exit.to.entries()) {
        const inside = branchKey(key, branch);
        // A target that is itself a join may have closed a fork around its siblings.
        if (draft.closed.some((fork) => isUnder(fork, inside))) return;
        enterNode(draft, target, inside);
      }
  }
}
