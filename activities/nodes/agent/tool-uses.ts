import { checkTool } from '../config-schemas.ts';
import { readConfig } from '../config.ts';
import type { AgentConfig } from './config.ts';
import type { CheckContext } from '../../../engine/node-descriptor.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { Problem } from '../../../contracts/problem.ts';
import type { ToolUse } from '../../../contracts/agent-spec.ts';

/** Problem of a name that is neither a tool's nor a group's. */
export function checkToolUse(
  pointer: string,
  name: string,
  context: CheckContext,
): readonly Problem[] {
  return context.toolGroup(name) === null ? checkTool(pointer, name, context) : [];
}

/** The config with the tools of each group in its place; what is named by itself keeps its approval. */
export function expandToolUses(config: JsonObject, context: CheckContext): JsonObject {
  const { tools = [] } = readConfig<AgentConfig>({ config });
  if (!tools.some(({ name }) => context.toolGroup(name) !== null)) return config;
  const named = new Map<string, ToolUse>(tools.map((use) => [use.name, use]));
  const expanded = new Map<string, JsonObject>();
  for (const use of tools) {
    for (const name of context.toolGroup(use.name) ?? [use.name]) {
      expanded.set(name, { ...(named.get(name) ?? use), name });
    }
  }
  return { ...config, tools: [...expanded.values()] };
}
