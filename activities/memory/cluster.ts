import type { Memory } from '../../contracts/memory.ts';

type Analyse = (text: string) => readonly string[];
type Weights = ReadonlyMap<string, number>;

const SIMILAR = 0.2;
/** What one summary can say of. */
const MAX_SIZE = 12;

interface Cluster {
  readonly members: Memory[];
  readonly sum: Map<string, number>;
}

/**
 * Groups memories that are about the same, by the cosine of their terms weighed by rarity; each joins
 * the group that it is most like, or begins one. Memories of different owners or kinds never meet.
 */
export function clusterMemories(
  memories: readonly Memory[],
  analyse: Analyse,
): readonly (readonly Memory[])[] {
  const groups = Map.groupBy(memories, groupKey);
  return [...groups.values()].flatMap((group) => clusterGroup(group, analyse));
}

function groupKey({ scope, kind, userId, agentId, threadId }: Memory): string {
  return JSON.stringify([scope, kind, userId, agentId, threadId]);
}

function clusterGroup(memories: readonly Memory[], analyse: Analyse): readonly Memory[][] {
  const vectors = weigh(memories.map(({ text }) => analyse(text)));
  const clusters: Cluster[] = [];
  for (const [index, memory] of memories.entries()) {
    const vector: Weights = vectors[index] ?? new Map<string, number>();
    const nearest = nearestTo(vector, clusters);
    if (nearest === null) {
      clusters.push({ members: [memory], sum: new Map(vector) });
      continue;
    }
    nearest.members.push(memory);
    for (const [term, weight] of vector) {
      nearest.sum.set(term, (nearest.sum.get(term) ?? 0) + weight);
    }
  }
  return clusters.map(({ members }) => members);
}

function nearestTo(vector: Weights, clusters: readonly Cluster[]): Cluster | null {
  let nearest: Cluster | null = null;
  let best = SIMILAR;
  for (const cluster of clusters) {
    if (cluster.members.length >= MAX_SIZE) continue;
    const likeness = cosine(vector, cluster.sum);
    if (likeness < best) continue;
    nearest = cluster;
    best = likeness;
  }
  return nearest;
}

function weigh(texts: readonly (readonly string[])[]): readonly Weights[] {
  const frequencies = new Map<string, number>();
  for (const terms of texts) {
    for (const term of new Set(terms)) frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  }
  return texts.map((terms) => {
    const weights = new Map<string, number>();
    for (const term of terms) {
      const rarity = Math.log(1 + texts.length / (frequencies.get(term) ?? 1));
      weights.set(term, (weights.get(term) ?? 0) + rarity);
    }
    return weights;
  });
}

function cosine(a: Weights, b: Weights): number {
  let dot = 0;
  for (const [term, weight] of a) dot += weight * (b.get(term) ?? 0);
  const length = lengthOf(a) * lengthOf(b);
  return length === 0 ? 0 : dot / length;
}

function lengthOf(weights: Weights): number {
  let sum = 0;
  for (const weight of weights.values()) sum += weight * weight;
  return Math.sqrt(sum);
}
