import type { AgentSpec, ExecutableGraph, FullSpec, GraphSpec } from '../contracts/agent-spec.ts';
import { isJsonObject, type JsonObject } from '../contracts/json.ts';
import { DEFAULT_BUDGETS, LIMITS } from '../contracts/limits.ts';
import { toKnowledgePolicy, toMemoryPolicy } from '../contracts/memory-policy.ts';
import type { Budgets, Plan } from '../contracts/plan.ts';
import type { Problem } from '../contracts/problem.ts';
import { toSandboxPolicy } from '../contracts/sandbox.ts';
import { checkEdges } from './compile-edges.ts';
import { checkContext, checkNodes } from './compile-nodes.ts';
import { planNodes } from './compile-plan.ts';
import { checkStructure, joinDepths } from './compile-structure.ts';
import { checkSchema } from './json-schema.ts';
import type { NodeDescriptor } from './node-descriptor.ts';

/** What compilation looks up: node types and tools by name. */
export interface CompileRegistry {
  nodeType(type: string): NodeDescriptor | null;
  tool(name: string): { readonly light: boolean } | null;
  /** Names of the tools of a group. */
  toolGroup?(name: string): readonly string[] | null;
}

/** A graph ready to run, or every problem that keeps it from running. */
export type Compiled =
  | { readonly plan: Plan; readonly graph: ExecutableGraph }
  | { readonly problems: readonly Problem[] };

/** Compiles an agent's spec; reports all its problems at once. */
export function compile(spec: AgentSpec, registry: CompileRegistry): Compiled {
  const full = 'graph' in spec ? spec : expand(spec);
  const toAuthor = 'graph' in spec ? (pointer: string) => pointer : shorthandPointer;
  const problems = problemsOf(full, registry);
  if (problems.length > 0) {
    return { problems: problems.map((item) => ({ ...item, pointer: toAuthor(item.pointer) })) };
  }
  const { graph } = full;
  const depths = joinDepths(graph);
  if ('problems' in depths) return depths;
  const executableGraph = executable(full, registry);
  return {
    plan: {
      start: startOf(graph),
      nodes: planNodes(graph, registry, depths.depths),
      budgets: { ...DEFAULT_BUDGETS, ...full.budgets },
      ...(executableGraph.memory?.learn ? { learns: true as const } : {}),
    },
    graph: executableGraph,
  };
}

function problemsOf(full: FullSpec, registry: CompileRegistry): readonly Problem[] {
  const { graph, input, output, budgets } = full;
  const found = [
    ...(input === undefined ? [] : checkSchema('/input', input)),
    ...(output === undefined ? [] : checkSchema('/output', output)),
    ...checkBudgets(budgets),
    ...checkNodes(graph, registry),
    ...checkEdges(graph, registry),
  ];
  // The shape of the graph is only clear once every arrow has its two ends.
  const isWired = !found.some(({ code }) => UNWIRED.includes(code));
  return isWired ? [...found, ...checkStructure(graph, startOf(graph), registry)] : found;
}

/** Problems that hide where a graph leads. */
const UNWIRED: readonly string[] = [
  'graph.unknown_node',
  'graph.duplicate_node',
  'graph.ambiguous_exit',
  'node.unknown_type',
];

const CEILINGS: readonly (readonly [keyof Budgets, number])[] = [
  ['maxSteps', LIMITS.maxSteps],
  ['maxDurationMs', LIMITS.maxDurationMs],
];

function checkBudgets(budgets: Partial<Budgets> = {}): readonly Problem[] {
  return CEILINGS.flatMap(([name, ceiling]) => {
    if ((budgets[name] ?? 0) <= ceiling) return [];
    const message = `may be ${ceiling} at most`;
    return [{ pointer: `/budgets/${name}`, code: 'budget.too_large', message }];
  });
}

function startOf(graph: GraphSpec): string {
  return graph.start ?? graph.nodes[0]?.id ?? '';
}

/** The shorthand as a graph: one agent, whose answer is the run's output. */
function expand(spec: Exclude<AgentSpec, FullSpec>): FullSpec {
  const { model, instructions, tools, ...base } = spec;
  const structured = isJsonObject(spec.output) ? { output: spec.output } : {};
  const config = JSON.parse(
    JSON.stringify({ model, instructions, tools, ...structured }),
  ) as JsonObject;
  return {
    ...base,
    graph: {
      nodes: [
        { id: 'agent', type: 'agent', config },
        { id: 'end', type: 'end', config: {} },
      ],
      edges: [{ type: 'normal', from: 'agent', to: 'end' }],
    },
  };
}

const AGENT_CONFIG = '/graph/nodes/0/config';

function shorthandPointer(pointer: string): string {
  return pointer.startsWith(AGENT_CONFIG) ? pointer.slice(AGENT_CONFIG.length) : pointer;
}

function executable(full: FullSpec, registry: CompileRegistry): ExecutableGraph {
  const { graph, input, output, sandbox, memory, knowledge } = full;
  const context = checkContext(graph, registry);
  const nodes = graph.nodes.map((node) => {
    const config = registry.nodeType(node.type)?.expand?.(node.config, context);
    return config === undefined ? node : { ...node, config };
  });
  return {
    nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
    edges: Object.fromEntries(graph.edges.map((edge) => [edge.from, edge])),
    channels: { messages: { reducer: 'append' }, ...graph.channels },
    input: input ?? true,
    output: output ?? true,
    ...(sandbox === undefined ? {} : { sandbox: toSandboxPolicy(sandbox) }),
    ...(memory === undefined ? {} : { memory: toMemoryPolicy(memory) }),
    ...(knowledge === undefined ? {} : { knowledge: toKnowledgePolicy(knowledge) }),
  };
}
