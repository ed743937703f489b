import type { GraphSpec, JoinSpec } from '../contracts/agent-spec.ts';
import { LIMITS } from '../contracts/limits.ts';
import type { Problem } from '../contracts/problem.ts';
import type { CompileRegistry } from './compile.ts';
import { targetsOf } from './compile-edges.ts';
import { immediateDominators } from './dominators.ts';

/** A graph's arrows, failure's included. */
export interface Wiring {
  readonly next: ReadonlyMap<string, readonly string[]>;
  readonly previous: ReadonlyMap<string, readonly string[]>;
  /** Nodes whose exit is a fan-out, with its targets. */
  readonly forks: ReadonlyMap<string, readonly string[]>;
}

/** The arrows of a graph whose ends all exist. */
export function wiringOf(graph: GraphSpec): Wiring {
  const next = new Map<string, string[]>(graph.nodes.map(({ id }) => [id, []]));
  const previous = new Map<string, string[]>(graph.nodes.map(({ id }) => [id, []]));
  const forks = new Map<string, readonly string[]>();
  const connect = (from: string, to: string): void => {
    next.get(from)?.push(to);
    previous.get(to)?.push(from);
  };
  for (const edge of graph.edges) {
    for (const [, to] of targetsOf(edge)) connect(edge.from, to);
    if (edge.type === 'fanout') forks.set(edge.from, edge.to);
  }
  for (const { id, onError } of graph.nodes) if (onError?.do === 'goto') connect(id, onError.node);
  return { next, previous, forks };
}

/** All that can be reached from the seeds, the seeds included. */
export function reach(
  seeds: readonly string[],
  arrows: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const seen = new Set(seeds);
  const open = [...seeds];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const to of arrows.get(id) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return seen;
}

/** Problems of the graph as a whole: unreachable nodes, ways without an end, joins in vain. */
export function checkStructure(
  graph: GraphSpec,
  start: string,
  registry: CompileRegistry,
): readonly Problem[] {
  const wiring = wiringOf(graph);
  const fromStart = reach([start], wiring.next);
  const ends = graph.nodes.filter(({ type }) => registry.nodeType(type)?.terminal === true);
  const toEnd = reach(
    ends.map(({ id }) => id),
    wiring.previous,
  );
  const exits = new Set(graph.edges.map(({ from }) => from));
  // Behind a dead end, which is a problem of its own, nothing can be said about ends.
  const hasDeadEnds = graph.nodes.some(
    ({ id, type }) => !exits.has(id) && registry.nodeType(type)?.terminal === false,
  );
  const problems = graph.nodes.flatMap(({ id }, index): readonly Problem[] => {
    const pointer = `/graph/nodes/${index}`;
    if (!fromStart.has(id)) {
      const message = `no way leads from ${start} to ${id}`;
      return [{ pointer, code: 'graph.unreachable', message }];
    }
    if (!hasDeadEnds && !toEnd.has(id)) {
      const message = `no way leads from ${id} to an end`;
      return [{ pointer, code: 'graph.no_end', message }];
    }
    return [];
  });
  if (problems.length > 0) return problems;
  const joins = joinDepths(graph);
  return 'problems' in joins ? joins.problems : [];
}

/** For each join, how many forks are open behind it; or what makes joins impossible. */
export function joinDepths(
  graph: GraphSpec,
): { readonly depths: ReadonlyMap<string, number> } | { readonly problems: readonly Problem[] } {
  const wiring = wiringOf(graph);
  const start = graph.start ?? graph.nodes[0]?.id ?? '';
  const joins = new Map(graph.nodes.flatMap((node) => (node.join ? [[node.id, node.join]] : [])));
  if (joins.size === 0) return { depths: new Map() };
  const dominators = immediateDominators(start, wiring.next);
  const depths = forkDepths({ start, wiring, joins: new Set(joins.keys()), dominators });
  const result = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [index, { id, join }] of graph.nodes.entries()) {
    if (join === undefined) continue;
    const pointer = `/graph/nodes/${index}/join`;
    const own = [...(depths.get(id) ?? [])];
    const [depth] = own;
    if (depth === undefined || own.length > 1) {
      const message = `branches of different forks come to ${id}; join the inner ones first`;
      problems.push({ pointer, code: 'graph.join_ambiguous', message });
      continue;
    }
    result.set(id, depth);
    const most = mostArrivals({ id, depth, depths, wiring, from: dominators.get(id) ?? start });
    problems.push(...checkCount(join, most, pointer));
  }
  return problems.length > 0 ? { problems } : { depths: result };
}

/** How many forks may be open at each node; a join closes those behind its dominator. */
function forkDepths(given: {
  readonly start: string;
  readonly wiring: Wiring;
  readonly joins: ReadonlySet<string>;
  readonly dominators: ReadonlyMap<string, string>;
}): ReadonlyMap<string, ReadonlySet<number>> {
  const { start, wiring, joins, dominators } = given;
  const depths = new Map<string, Set<number>>([[start, new Set([0])]]);
  const behind = new Map<string, string[]>();
  for (const id of joins) {
    const dominator = dominators.get(id);
    if (dominator !== undefined) behind.set(dominator, [...(behind.get(dominator) ?? []), id]);
  }
  const open: (readonly [string, number])[] = [[start, 0]];
  const add = (id: string, depth: number): void => {
    const known = depths.get(id) ?? new Set<number>();
    if (known.has(depth) || depth > LIMITS.forkDepth) return;
    depths.set(id, known.add(depth));
    open.push([id, depth]);
  };
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const [id, depth] = item;
    for (const join of behind.get(id) ?? []) add(join, depth);
    const branches = new Set(wiring.forks.get(id) ?? []);
    for (const to of wiring.next.get(id) ?? []) {
      if (!joins.has(to)) add(to, branches.has(to) ? depth + 1 : depth);
    }
  }
  return depths;
}

function checkCount(join: JoinSpec, most: number, pointer: string): readonly Problem[] {
  if (join.mode === 'n' && join.count < 2) {
    const message = 'waits for one branch only; that is a join of mode any';
    return [{ pointer: `${pointer}/count`, code: 'graph.join_count', message }];
  }
  if (most === 0) {
    const message = 'joins nothing: no fan-out leads a branch here; remove the join';
    return [{ pointer, code: 'graph.join_never_fires', message }];
  }
  if (join.mode !== 'n' || most >= join.count) return [];
  const message = `waits for ${join.count} branches, and at most ${most} can come`;
  return [{ pointer, code: 'graph.join_never_fires', message }];
}

/**
 * The most branches that can come to a join from forks behind its dominator; never too few. Where
 * every branch comes straight from the fork that the join closes, with forks inside it joined, no
 * more come than that fork has targets.
 */
function mostArrivals(join: {
  readonly id: string;
  readonly depth: number;
  readonly depths: ReadonlyMap<string, ReadonlySet<number>>;
  readonly wiring: Wiring;
  readonly from: string;
}): number {
  const { id, depth, depths, wiring } = join;
  const region = reach([join.from], wiring.next);
  const coming = reach([id], wiring.previous);
  const isStraight = (wiring.previous.get(id) ?? []).every((before) => {
    const inside = wiring.forks.get(before)?.includes(id) === true ? 1 : 0;
    return [...(depths.get(before) ?? [])].every((at) => at + inside <= depth + 1);
  });
  const counts = [...wiring.forks].map(([fork, targets]) => {
    const isClosed = !isStraight || depths.get(fork)?.has(depth) === true;
    return region.has(fork) && isClosed ? targets.filter((to) => coming.has(to)).length : 0;
  });
  return isStraight ? Math.max(0, ...counts) : counts.reduce((sum, count) => sum + count, 0);
}
