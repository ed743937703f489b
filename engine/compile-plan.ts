import type { EdgeSpec, GraphSpec, JoinSpec, NodeSpec } from '../contracts/agent-spec.ts';
import type { PlanExit, PlanJoin, PlanNode } from '../contracts/plan.ts';
import type { CompileRegistry } from './compile.ts';
import { checkContext } from './compile-nodes.ts';
import { reach, wiringOf } from './compile-structure.ts';
import type { NodeDescriptor } from './node-descriptor.ts';

/** The plan's nodes of a graph without problems. */
export function planNodes(
  graph: GraphSpec,
  registry: CompileRegistry,
  depths: ReadonlyMap<string, number>,
): Readonly<Record<string, PlanNode>> {
  const context = checkContext(graph, registry);
  const { previous } = wiringOf(graph);
  const exits = new Map(graph.edges.map((edge) => [edge.from, edge]));
  const joins = graph.nodes.filter(({ join }) => join !== undefined).map(({ id }) => id);
  const coming = new Map(joins.map((id) => [id, reach(previous.get(id) ?? [], previous)]));
  const entries = graph.nodes.map((node): [string, PlanNode] => {
    const type = registry.nodeType(node.type);
    if (type === null) throw new Error(`node type ${node.type} was checked before`);
    return [
      node.id,
      {
        type: node.type,
        gear: node.durability ?? type.gearOf?.(node.config, context) ?? type.defaultGear,
        ...settingsOf(node, type),
        onErrorGoto: node.onError?.do === 'goto' ? node.onError.node : null,
        exit: exitOf(exits.get(node.id)),
        join: joinOf(node.join, depths.get(node.id) ?? 0),
        reaches: joins.filter((id) => coming.get(id)?.has(node.id) === true),
      },
    ];
  });
  return Object.fromEntries(entries);
}

function settingsOf(
  node: NodeSpec,
  type: NodeDescriptor,
): Pick<PlanNode, 'timeoutMs' | 'heartbeat' | 'retry'> {
  return {
    timeoutMs: node.timeoutMs ?? type.defaultTimeoutMs,
    heartbeat: type.heartbeat,
    retry: { ...type.defaultRetry, ...node.retry },
  };
}

function exitOf(edge: EdgeSpec | undefined): PlanExit {
  if (edge === undefined) return { kind: 'none' };
  switch (edge.type) {
    case 'normal':
      return { kind: 'normal', to: edge.to };
    case 'fanout':
      return { kind: 'fanout', to: edge.to };
    case 'conditional':
      return {
        kind: 'conditional',
        cases: edge.cases.map(({ to }) => to),
        else: edge.else ?? null,
      };
  }
}

function joinOf(join: JoinSpec | undefined, depth: number): PlanJoin | null {
  return join === undefined ? null : { ...join, depth };
}
