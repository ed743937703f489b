import type { AgentSpec, ExecutableGraph } from '../contracts/agent-spec.ts';
import type { NodeDescriptor } from './node-descriptor.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Problem } from '../contracts/problem.ts';

/** What compilation looks up: node types and tools by name. */
export interface CompileRegistry {
  nodeType(type: string): NodeDescriptor | null;
  tool(name: string): { readonly light: boolean } | null;
}

/** A graph ready to run, or every problem that keeps it from running. */
export type Compiled =
  | { readonly plan: Plan; readonly graph: ExecutableGraph }
  | { readonly problems: readonly Problem[] };

/** Compiles an agent's spec; reports all its problems at once. */
export function compile(spec: AgentSpec, registry: CompileRegistry): Compiled {
  throw new Error('todo');
}
