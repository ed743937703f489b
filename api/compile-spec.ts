import { AppError } from '../contracts/app-error.ts';
import { compile, type CompileRegistry } from '../engine/compile.ts';
import { parseAgentSpec } from '../contracts/agent-spec.schema.ts';
import type { AgentSpec, ExecutableGraph } from '../contracts/agent-spec.ts';
import type { Json } from '../contracts/json.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Problem } from '../contracts/problem.ts';

/** A spec ready to become a version. */
export interface CompiledSpec {
  readonly spec: AgentSpec;
  readonly plan: Plan;
  readonly graph: ExecutableGraph;
}

/** The spec compiled, or every problem that it has. */
export function compileSpec(
  value: Json,
  registry: CompileRegistry,
): CompiledSpec | { readonly problems: readonly Problem[] } {
  const parsed = parseAgentSpec(value);
  if ('problems' in parsed) return parsed;
  const compiled = compile(parsed.spec, registry);
  return 'problems' in compiled ? compiled : { spec: parsed.spec, ...compiled };
}

/** The spec compiled. Throws `agent.invalid_spec` with pointers into the request's body. */
export function requireCompiled(value: Json, registry: CompileRegistry): CompiledSpec {
  const compiled = compileSpec(value, registry);
  if (!('problems' in compiled)) return compiled;
  const problems = compiled.problems.map((problem) => ({
    ...problem,
    pointer: `/spec${problem.pointer}`,
  }));
  throw new AppError('agent.invalid_spec', 'the spec has problems; each is listed', { problems });
}
