import type { GraphSpec, NodeSpec } from '../contracts/agent-spec.ts';
import type { Problem } from '../contracts/problem.ts';
import type { CompileRegistry } from './compile.ts';
import { checkExpression, checkTemplate } from './expression.ts';
import { checkSchema, validateJson } from './json-schema.ts';
import type { CheckContext } from './node-descriptor.ts';

const BUILT_IN_CHANNELS = ['messages'];

/** What node types may ask about this graph. */
export function checkContext(graph: GraphSpec, registry: CompileRegistry): CheckContext {
  const channels = new Set([...BUILT_IN_CHANNELS, ...Object.keys(graph.channels ?? {})]);
  const asProblems = (pointer: string, message: string | null): readonly Problem[] =>
    message === null ? [] : [{ pointer, code: 'expression.invalid', message }];
  return {
    hasChannel: (name) => channels.has(name),
    tool: (name) => registry.tool(name),
    toolGroup: (name) => registry.toolGroup?.(name) ?? null,
    checkExpression: (pointer, text, roots) => asProblems(pointer, checkExpression(text, roots)),
    checkTemplate: (pointer, text, roots) => asProblems(pointer, checkTemplate(text, roots)),
    checkSchema,
  };
}

/** Problems of the nodes themselves: names, types, configs, where they go on failure. */
export function checkNodes(graph: GraphSpec, registry: CompileRegistry): readonly Problem[] {
  const context = checkContext(graph, registry);
  const ids = new Set<string>();
  const known = new Set(graph.nodes.map(({ id }) => id));
  const problems: Problem[] = [];
  if (graph.start !== undefined && !known.has(graph.start)) {
    const message = `starts at ${graph.start}, and there is no such node`;
    problems.push({ pointer: '/graph/start', code: 'graph.unknown_node', message });
  }
  for (const [index, node] of graph.nodes.entries()) {
    const pointer = `/graph/nodes/${index}`;
    if (ids.has(node.id)) {
      const message = `another node is named ${node.id}; ids are used once`;
      problems.push({ pointer: `${pointer}/id`, code: 'graph.duplicate_node', message });
    }
    ids.add(node.id);
    problems.push(...checkNode(node, pointer, { context, registry }));
    if (node.onError?.do === 'goto' && !known.has(node.onError.node)) {
      const message = `goes to ${node.onError.node} on failure, and there is no such node`;
      const place = `${pointer}/onError/node`;
      problems.push({ pointer: place, code: 'graph.unknown_node', message });
    }
  }
  return problems;
}

function checkNode(
  node: NodeSpec,
  pointer: string,
  { context, registry }: { readonly context: CheckContext; readonly registry: CompileRegistry },
): readonly Problem[] {
  const type = registry.nodeType(node.type);
  if (type === null) {
    const message = `there is no node type ${node.type}`;
    return [{ pointer: `${pointer}/type`, code: 'node.unknown_type', message }];
  }
  const misfits = validateJson(type.configSchema, node.config, `${pointer}/config`);
  // A type's own checks may trust its schema.
  if (misfits.length > 0) return misfits;
  return type
    .check(node.config, context)
    .map((problem) => ({ ...problem, pointer: `${pointer}/config${problem.pointer}` }));
}
