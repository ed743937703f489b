import { agentNode } from './agent/node.ts';
import { codeNode } from './code/node.ts';
import { endNode } from './end/node.ts';
import { humanNode } from './human/node.ts';
import { modelNode } from './model/node.ts';
import { rememberNode } from './remember/node.ts';
import { retrieveNode } from './retrieve/node.ts';
import { outputNode } from './output/node.ts';
import { setNode } from './set/node.ts';
import { toolNode } from './tool/node.ts';
import type { NodeType } from './node-type.ts';

/** The node types of an installation, by name. */
export interface NodeRegistry {
  get(type: string): NodeType | null;
  list(): readonly NodeType[];
}

/** The node types that come with every installation. */
export const builtInNodeTypes: readonly NodeType[] = [
  agentNode,
  modelNode,
  toolNode,
  codeNode,
  retrieveNode,
  rememberNode,
  humanNode,
  setNode,
  outputNode,
  endNode,
];

/** A registry of these node types. Throws when two have one name. */
export function createNodeRegistry(types: readonly NodeType[]): NodeRegistry {
  const byType = new Map<string, NodeType>();
  for (const node of types) {
    if (byType.has(node.type)) throw new Error(`two node types are named ${node.type}`);
    byType.set(node.type, node);
  }
  return { get: (type) => byType.get(type) ?? null, list: () => [...byType.values()] };
}
