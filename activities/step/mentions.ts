import type { CompiledVersion } from '../../contracts/records.ts';
import type { EdgeSpec } from '../../contracts/agent-spec.ts';
import type { Json } from '../../contracts/json.ts';

/** Values that a node's expressions may read; what is not mentioned need not be fetched. */
export interface Mentions {
  readonly input: boolean;
  /** `all` where the state is used as a whole or by computed names. */
  readonly channels: ReadonlySet<string> | 'all';
}

const STATE = /\bstate\b\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"\\]+)"|'([^'\\]+)')\s*\])?/g;
const INPUT = /\binput\b/;

const known = new WeakMap<CompiledVersion, Map<string, Mentions>>();

/** What the config of the node and the conditions behind it mention. */
export function mentionsOf(version: CompiledVersion, nodeId: string): Mentions {
  const nodes = known.get(version) ?? new Map<string, Mentions>();
  known.set(version, nodes);
  const found = nodes.get(nodeId);
  if (found !== undefined) return found;
  const mentions = scan(textsOf(version, nodeId));
  nodes.set(nodeId, mentions);
  return mentions;
}

/** The edge behind a node, if its conditions decide where the run goes. */
export function conditionsBehind(
  version: CompiledVersion,
  nodeId: string,
): Extract<EdgeSpec, { type: 'conditional' }> | null {
  const edge = version.graph.edges[nodeId];
  return edge?.type === 'conditional' ? edge : null;
}

function textsOf(version: CompiledVersion, nodeId: string): readonly string[] {
  const conditions = conditionsBehind(version, nodeId)?.cases.map(({ when }) => when) ?? [];
  return [...strings(version.graph.nodes[nodeId]?.config ?? null), ...conditions];
}

function strings(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((item: Json) => strings(item));
}

function scan(texts: readonly string[]): Mentions {
  const channels = new Set<string>();
  let all = false;
  for (const text of texts) {
    for (const [, dotted, quoted, single] of text.matchAll(STATE)) {
      const name = dotted ?? quoted ?? single;
      if (name === undefined) all = true;
      else channels.add(name);
    }
  }
  return { input: texts.some((text) => INPUT.test(text)), channels: all ? 'all' : channels };
}
