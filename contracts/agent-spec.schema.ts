import type { AgentSpec } from './agent-spec.ts';
import type { Problem } from './problem.ts';

/** An agent's spec as trusted data, or every problem of it with its place. */
export type ParsedSpec = { readonly spec: AgentSpec } | { readonly problems: readonly Problem[] };

/** Parses what an author wrote: strict about unknown fields and limits, defaults filled in. */
export function parseAgentSpec(value: unknown): ParsedSpec {
  throw new Error('todo');
}
