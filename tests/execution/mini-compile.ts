import type { CompiledVersion } from '../../contracts/records.ts';
import type { FullSpec, GraphSpec, NodeSpec } from '../../contracts/agent-spec.ts';
import type { NodeRegistry } from '../../activities/nodes/registry.ts';
import type { PlanExit, PlanNode } from '../../contracts/plan.ts';
import { DEFAULT_BUDGETS } from '../../contracts/limits.ts';
export function miniCompile(
  spec: FullSpec,
  registry: NodeRegistry,
  tool: (n: string) => { light: boolean } | null,
): Pick<CompiledVersion, 'plan' | 'graph'> {
  const g: GraphSpec = spec.graph;
  const planNodes: Record<string, PlanNode> = {};
  const joins = g.nodes.filter((n) => n.join !== undefined).map((n) => n.id);
  for (const n of g.nodes) {
    const t = registry.get(n.type);
    if (t === null) throw new Error('no type ' + n.type);
    const ctx = {
      hasChannel: () => true,
      tool,
      checkExpression: () => [],
      checkTemplate: () => [],
      checkSchema: () => [],
    };
    planNodes[n.id] = {
      type: n.type,
      gear: n.durability ?? t.gearOf?.(n.config, ctx) ?? t.defaultGear,
      timeoutMs: n.timeoutMs ?? t.defaultTimeoutMs,
      heartbeat: t.heartbeat,
      retry: { ...t.defaultRetry, ...n.retry },
      onErrorGoto: n.onError?.do === 'goto' ? n.onError.node : null,
      exit: exitOf(g, n),
      join: n.join === undefined ? null : { depth: 0, ...n.join },
      reaches: joins,
    };
  }
  return {
    plan: {
      start: g.start ?? g.nodes[0]?.id ?? '',
      nodes: planNodes,
      budgets: { ...DEFAULT_BUDGETS, ...spec.budgets },
    },
    graph: {
      nodes: Object.fromEntries(g.nodes.map((n) => [n.id, n])),
      edges: Object.fromEntries(g.edges.map((e, i) => [String(i), e])),
      channels: g.channels ?? {},
      input: spec.input ?? true,
      output: spec.output ?? true,
    },
  };
}
function exitOf(g: GraphSpec, n: NodeSpec): PlanExit {
  const e = g.edges.find((x) => x.from === n.id);
  if (e === undefined) return { kind: 'none' };
  if (e.type === 'normal') return { kind: 'normal', to: e.to };
  if (e.type === 'fanout') return { kind: 'fanout', to: e.to };
  return { kind: 'conditional', cases: e.cases.map((c) => c.to), else: e.else ?? null };
}
