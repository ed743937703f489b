import { addVisit, endRun, nodeOf, type Draft } from './draft.ts';
import {
  branchKey,
  depthOf,
  forkKey,
  indexOf,
  isUnder,
  keyAt,
  nextKey,
  pathOf,
  shortPath,
} from './order-key.ts';
import type { JoinArrivals } from '../contracts/frontier.ts';
import type { PlanJoin } from '../contracts/plan.ts';

/**
 * Lets a branch go on to a node. A branch that comes to a join waits there, unless the fork that the
 * join closes is not open around it: then it has been joined before and walks in.
 */
export function enterNode(draft: Draft, nodeId: string, key: string): void {
  const { join } = nodeOf(draft.plan, nodeId);
  if (join === null || depthOf(key) <= join.depth) addVisit(draft, nodeId, key);
  else arrive(draft, { nodeId, join }, key);
}

/** Gives up all that goes on in the branches of the fork. */
export function cancelUnder(draft: Draft, fork: string): void {
  for (const token of draft.tokens) {
    if (isUnder(fork, token.key)) draft.cancelled.push(token.stepId);
  }
  draft.tokens = draft.tokens.filter((token) => !isUnder(fork, token.key));
  draft.spawns = draft.spawns.filter((spawn) => !isUnder(fork, spawn.key));
  draft.joins = draft.joins.filter((join) => !isUnder(fork, forkOf(join)) && forkOf(join) !== fork);
}

/**
 * Lets joins fire whose forks have come to rest, innermost first. An `all` join waits for every
 * branch of its fork, also for those that end elsewhere: the state behind it must not depend on
 * which of them was faster.
 */
export function settleJoins(draft: Draft): void {
  while (draft.end === null) {
    const starved = draft.joins.find((join) => isStarved(draft, join));
    if (starved !== undefined) {
      endRun(draft, {
        code: 'graph.join_starved',
        message: `join ${starved.nodeId} needs more branches than can still come (${starved.arrived} came)`,
      });
      return;
    }
    const first = draft.joins.find((join) => isQuiet(draft, forkOf(join)));
    if (first === undefined) return;
    fireTogether(draft, forkOf(first));
  }
}

function arrive(
  draft: Draft,
  target: { readonly nodeId: string; readonly join: PlanJoin },
  key: string,
): void {
  const { nodeId, join } = target;
  const fork = forkKey(key, join.depth);
  const at = draft.joins.findIndex((open) => open.nodeId === nodeId && forkOf(open) === fork);
  const arrived = (draft.joins[at]?.arrived ?? 0) + 1;
  const needed = join.mode === 'any' ? 1 : join.mode === 'n' ? join.count : Infinity;
  if (arrived >= needed) {
    cancelUnder(draft, fork);
    closeFork(draft, fork);
    addVisit(draft, nodeId, nextKey(fork));
    return;
  }
  const arrivals = { nodeId, path: pathOf(fork), forkIndex: indexOf(fork), arrived };
  if (at === -1) draft.joins.push(arrivals);
  else draft.joins[at] = arrivals;
}

/** Fires the joins of a fork that has come to rest. Several go on as branches behind it. */
function fireTogether(draft: Draft, fork: string): void {
  const nodes = draft.joins
    .filter((join) => forkOf(join) === fork)
    .map((join) => join.nodeId)
    .sort();
  draft.joins = draft.joins.filter((join) => forkOf(join) !== fork);
  closeFork(draft, fork);
  const behind = nextKey(fork);
  for (const [index, nodeId] of nodes.entries()) {
    addVisit(draft, nodeId, nodes.length === 1 ? behind : branchKey(behind, index));
  }
}

function isQuiet(draft: Draft, fork: string): boolean {
  return (
    !draft.tokens.some((token) => isUnder(fork, token.key)) &&
    !draft.spawns.some((spawn) => isUnder(fork, spawn.key)) &&
    !draft.joins.some((join) => isUnder(fork, forkOf(join)))
  );
}

/** True for a join that counts its branches when none that could still come is left. */
function isStarved(draft: Draft, join: JoinArrivals): boolean {
  if (nodeOf(draft.plan, join.nodeId).join?.mode !== 'n') return false;
  const fork = forkOf(join);
  const mayCome = ({ nodeId, key }: { readonly nodeId: string; readonly key: string }): boolean =>
    isUnder(fork, key) && nodeOf(draft.plan, nodeId).reaches.includes(join.nodeId);
  return !(
    draft.tokens.some(mayCome) ||
    draft.spawns.some(mayCome) ||
    draft.joins.some((inner) => mayCome({ nodeId: inner.nodeId, key: forkOf(inner) }))
  );
}

function forkOf(join: JoinArrivals): string {
  return keyAt(join.path, join.forkIndex);
}

/** Forgets the counters of a fork's branches: its key never comes back. */
function closeFork(draft: Draft, fork: string): void {
  draft.closed.push(fork);
  const inside = `@${shortPath(fork)}.`;
  const kept = Object.entries(draft.visits).filter(([counter]) => !counter.includes(inside));
  draft.visits = Object.fromEntries(kept);
}
