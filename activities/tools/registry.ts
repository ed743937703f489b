import type { Tool } from './tool.ts';

/** The tools of an installation, by name. */
export interface ToolRegistry {
  get(name: string): Tool | null;
  list(): readonly Tool[];
}

/** A registry of these tools. Throws when two have one name. */
export function createToolRegistry(tools: readonly Tool[]): ToolRegistry {
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new Error(`two tools are named ${tool.name}`);
    byName.set(tool.name, tool);
  }
  return { get: (name) => byName.get(name) ?? null, list: () => [...byName.values()] };
}
