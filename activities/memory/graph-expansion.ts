import type { GraphFact } from '../../contracts/graph.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import type { RecallOwner } from '../../contracts/recall.ts';

/** A memory that facts near to a question were learnt from. */
export interface GraphHit {
  readonly memoryId: string;
  /** The best one has 1. */
  readonly score: number;
  /** Names of the ends of its facts. */
  readonly entities: readonly string[];
}

/** Where a walk through the graph begins. */
export interface ExpansionRequest {
  readonly text: string;
  readonly owner: RecallOwner;
  /** What the search itself found, best first. */
  readonly found: readonly string[];
}

const NAMED_SEEDS = 5;
const FOUND_SEEDS = 5;
const DEPTH = 2;
const ENTITIES = 200;
const WORD = /[\p{L}\p{N}]+/gu;

/**
 * Memories near to a question in the graph: a walk begins at the entities that the question names and
 * at those of the best memories found, and ends often at what connects them. What tells of other
 * persons is not walked through.
 */
export async function expandByGraph(
  deps: MemoryServiceDeps,
  workspaceId: string,
  request: ExpansionRequest,
): Promise<readonly GraphHit[]> {
  const { graph } = deps;
  if (graph === null) return [];
  const viewerId = request.owner.userId ?? '';
  const from = await seedsOf(deps, workspaceId, { ...request, viewerId });
  if (from.length === 0) return [];
  const around = await graph.neighbourhood(workspaceId, {
    from,
    depth: DEPTH,
    limit: ENTITIES,
    viewerId,
  });
  const ranked = deps.pageRank(around, from);
  const scores = new Map(ranked.map(({ entity, score }) => [entity.id, score]));
  const names = new Map(around.entities.map(({ id, name }) => [id, name]));
  return scoreMemories(around.facts, scores, names);
}

async function seedsOf(
  { graph, facts, analyse }: MemoryServiceDeps,
  workspaceId: string,
  { text, found, viewerId }: ExpansionRequest & { readonly viewerId: string },
): Promise<readonly string[]> {
  const words = (text.match(WORD) ?? []).filter((word) => analyse(word).length > 0).join(' ');
  const named = await graph?.findEntities(workspaceId, {
    text: words,
    viewerId,
    limit: NAMED_SEEDS,
  });
  const memoryIds = found.slice(0, FOUND_SEEDS);
  const learnt = await facts.factsFrom(workspaceId, { memoryIds, viewerId });
  return [
    ...new Set([
      ...(named ?? []).map(({ id }) => id),
      ...learnt.flatMap(({ sourceId, targetId }) => [sourceId, targetId]),
    ]),
  ];
}

function scoreMemories(
  facts: readonly GraphFact[],
  scores: ReadonlyMap<string, number>,
  names: ReadonlyMap<string, string>,
): readonly GraphHit[] {
  const hits = new Map<string, { score: number; readonly entities: Set<string> }>();
  for (const { memoryId, sourceId, targetId, confidence } of facts) {
    if (memoryId === null) continue;
    const hit = hits.get(memoryId) ?? { score: 0, entities: new Set<string>() };
    hit.score += confidence * ((scores.get(sourceId) ?? 0) + (scores.get(targetId) ?? 0));
    for (const id of [sourceId, targetId]) hit.entities.add(names.get(id) ?? id);
    hits.set(memoryId, hit);
  }
  const best = Math.max(0, ...[...hits.values()].map(({ score }) => score));
  return [...hits]
    .map(([memoryId, { score, entities }]) => ({
      memoryId,
      score: best === 0 ? 0 : score / best,
      entities: [...entities],
    }))
    .sort((a, b) => b.score - a.score || (a.memoryId < b.memoryId ? -1 : 1));
}
