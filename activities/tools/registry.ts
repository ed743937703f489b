import type { Tool } from './tool.ts';

/** The tools of an installation, by name. */
export interface ToolRegistry {
  get(name: string): Tool | null;
  list(): readonly Tool[];
  /** Names of the tools of a group; null if there is none of that name. */
  group(name: string): readonly string[] | null;
}

/** A registry of these tools. Throws when two have one name, or a tool has that of a group. */
export function createToolRegistry(tools: readonly Tool[]): ToolRegistry {
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new Error(`two tools are named ${tool.name}`);
    byName.set(tool.name, tool);
  }
  const groups = new Map<string, string[]>();
  for (const { name, group } of tools) {
    if (group === undefined) continue;
    if (byName.has(group)) throw new Error(`a tool and a group of tools are named ${group}`);
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return {
    get: (name) => byName.get(name) ?? null,
    list: () => [...byName.values()],
    group: (name) => groups.get(name) ?? null,
  };
}
