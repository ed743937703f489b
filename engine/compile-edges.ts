import type { EdgeSpec, GraphSpec } from '../contracts/agent-spec.ts';
import type { Problem } from '../contracts/problem.ts';
import type { CompileRegistry } from './compile.ts';
import { checkExpression } from './expression.ts';

/** Where an edge leads, each with the pointer's end that names it. */
export function targetsOf(edge: EdgeSpec): readonly (readonly [place: string, to: string])[] {
  switch (edge.type) {
    case 'normal':
      return [['/to', edge.to]];
    case 'fanout':
      return edge.to.map((to, index) => [`/to/${index}`, to] as const);
    case 'conditional':
      return [
        ...edge.cases.map(({ to }, index) => [`/cases/${index}/to`, to] as const),
        ...(edge.else === undefined ? [] : [['/else', edge.else] as const]),
      ];
  }
}

/** Problems of the edges: unknown ends, exits that contradict each other, bad conditions. */
export function checkEdges(graph: GraphSpec, registry: CompileRegistry): readonly Problem[] {
  const known = new Set(graph.nodes.map(({ id }) => id));
  const exits = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, edge] of graph.edges.entries()) {
    const pointer = `/graph/edges/${index}`;
    if (!known.has(edge.from)) problems.push(unknown(`${pointer}/from`, edge.from));
    if (exits.has(edge.from)) {
      const message = `${edge.from} has another edge already; say where it goes in one edge: several targets are a fanout, a choice is conditional`;
      problems.push({ pointer, code: 'graph.ambiguous_exit', message });
    }
    exits.add(edge.from);
    for (const [place, to] of targetsOf(edge)) {
      if (!known.has(to)) problems.push(unknown(pointer + place, to));
    }
    problems.push(...checkShape(edge, pointer));
  }
  return [...problems, ...checkExits(graph, registry, exits)];
}

function unknown(pointer: string, id: string): Problem {
  return { pointer, code: 'graph.unknown_node', message: `there is no node ${id}` };
}

function checkShape(edge: EdgeSpec, pointer: string): readonly Problem[] {
  if (edge.type === 'fanout') return checkFanout(edge.to, pointer);
  if (edge.type !== 'conditional') return [];
  if (edge.cases.length === 0) {
    const message = 'has no cases; an edge that always leads to one node is normal';
    return [{ pointer: `${pointer}/cases`, code: 'graph.no_cases', message }];
  }
  return edge.cases.flatMap(({ when }, index) => {
    const message = checkExpression(when);
    const place = `${pointer}/cases/${index}/when`;
    return message === null ? [] : [{ pointer: place, code: 'expression.invalid', message }];
  });
}

function checkFanout(targets: readonly string[], pointer: string): readonly Problem[] {
  if (targets.length < 2) {
    const message = 'has fewer than two targets; an edge that leads to one node is normal';
    return [{ pointer: `${pointer}/to`, code: 'graph.too_few_targets', message }];
  }
  if (new Set(targets).size === targets.length) return [];
  const message = 'names a target twice; each branch has a node of its own';
  return [{ pointer: `${pointer}/to`, code: 'graph.repeated_target', message }];
}

function checkExits(
  graph: GraphSpec,
  registry: CompileRegistry,
  exits: ReadonlySet<string>,
): readonly Problem[] {
  return graph.nodes.flatMap(({ id, type }, index) => {
    const terminal = registry.nodeType(type)?.terminal;
    const pointer = `/graph/nodes/${index}`;
    if (terminal === true && exits.has(id)) {
      const message = `${id} ends its branch; no edge may leave it`;
      return [{ pointer, code: 'graph.exit_behind_end', message }];
    }
    if (terminal === false && !exits.has(id)) {
      const message = `${id} leads nowhere; add an edge to the next node or to an end`;
      return [{ pointer, code: 'graph.dead_end', message }];
    }
    return [];
  });
}
