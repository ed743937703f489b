import type {
  MemoryAnswer,
  RecallCapability,
  RecalledMemory,
  RecallExplanation,
  RecallRequest,
} from '../../contracts/recall.ts';
import { decayFactor, retention } from '../../contracts/forgetting.ts';
import { expandByGraph, type GraphHit } from './graph-expansion.ts';
import { mayBeFound, memoryFilter, searchText, wantedHits } from './recall-filter.ts';
import { searchIndex, toExplanation, type IndexFound } from './search-index.ts';
import type { Candidate } from '../../adapters/rerankers/port.ts';
import type { Memory } from '../../contracts/memory.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import { memorySearchText } from './index-entry.ts';
import { rerankHits } from './rerank-hits.ts';
import { withinTokens } from './token-estimate.ts';

/** Candidates of one hit, and of all together at least, where something else orders them afterwards. */
const CANDIDATES_PER_HIT = 3;
const MIN_CANDIDATES = 50;
/** What the graph adds, as a share of the best hit's score. */
const GRAPH_WEIGHT = 0.5;

const NOTHING_ELSE: Omit<RecallExplanation, 'graph'> = {
  lexical: null,
  dense: null,
  fused: null,
  retentionFactor: null,
  rerank: null,
};

interface Recall {
  readonly workspaceId: string;
  readonly request: RecallRequest;
  readonly now: Date;
}

/** See `MemoryService.recall`. */
export async function recall(
  deps: MemoryServiceDeps,
  workspaceId: string,
  request: RecallRequest,
): Promise<MemoryAnswer> {
  const now = (deps.now ?? (() => new Date()))();
  const limit = wantedHits(request.limit);
  const text = searchText(request.text);
  const { decay = true, explain = false, rerank = 'auto' } = request;
  const found = await searchIndex(deps, workspaceId, {
    profile: 'dialogue',
    text,
    filter: memoryFilter(request, now),
    limit: Math.max(CANDIDATES_PER_HIT * limit, MIN_CANDIDATES),
    decayAt: decay ? now.getTime() : null,
    explain,
  });
  const near = await nearInGraph(deps, { workspaceId, request, now }, found);
  const candidates = await hydrate(deps, { workspaceId, request, now }, { found, near: near.hits });
  const { hits, reranked, failed } = await rerankHits(candidates, {
    reranker: deps.reranker,
    workspaceId,
    choice: rerank,
    text,
    limit,
    candidate: (hit) => toCandidate(hit, now),
  });
  const { kept, omitted } = withinTokens(hits, request.tokenBudget, ({ memory }) => memory.text);
  if (request.use === true) await use(deps, workspaceId, kept);
  const missing = [...found.missing, ...near.missing, ...(failed ? (['rerank'] as const) : [])];
  return { hits: kept, omitted, missing, embedder: found.embedder, reranked };
}

async function nearInGraph(
  deps: MemoryServiceDeps,
  { workspaceId, request }: Recall,
  { hits }: IndexFound,
): Promise<{ readonly hits: readonly GraphHit[]; readonly missing: readonly RecallCapability[] }> {
  if (request.graph !== true) return { hits: [], missing: [] };
  if (deps.graph === null) return { hits: [], missing: ['graph'] };
  try {
    const { text, owner } = request;
    const ids = hits.map(({ id }) => id);
    return {
      hits: await expandByGraph(deps, workspaceId, { text, owner, found: ids }),
      missing: [],
    };
  } catch (error) {
    deps.onFault({ what: 'walking through the graph', error });
    return { hits: [], missing: ['graph'] };
  }
}

/** What was found as the database has it: what an index has not heard of yet stays hidden. */
async function hydrate(
  { memories }: MemoryServiceDeps,
  { workspaceId, request, now }: Recall,
  { found, near }: { readonly found: IndexFound; readonly near: readonly GraphHit[] },
): Promise<readonly RecalledMemory[]> {
  const byGraph = new Map(near.map((hit) => [hit.memoryId, hit]));
  const byIndex = new Map(found.hits.map((hit) => [hit.id, hit]));
  const extra = near.slice(0, MIN_CANDIDATES).map(({ memoryId }) => memoryId);
  const ids = [...new Set([...byIndex.keys(), ...extra])];
  const known = await memories.getMany(workspaceId, ids);
  const best = found.hits[0]?.score ?? 0;
  const { decay = true, explain = false } = request;
  const hits = known.flatMap((memory): RecalledMemory[] => {
    if (!mayBeFound(memory, request, now)) return [];
    const hit = byIndex.get(memory.id);
    const graph = byGraph.get(memory.id);
    const fading = decay ? decayFactor(strengthOf(memory), now.getTime()) : 1;
    const added = GRAPH_WEIGHT * (graph?.score ?? 0) * fading;
    // Without the graph the index's own scores stay as they are.
    const own = near.length === 0 ? (hit?.score ?? 0) : share(hit?.score, best);
    const explanation = hit === undefined ? NOTHING_ELSE : toExplanation(hit);
    const why = graph === undefined ? null : { score: added, entities: graph.entities };
    return [
      {
        memory,
        score: own + added,
        explanation: explain && explanation !== null ? { ...explanation, graph: why } : null,
      },
    ];
  });
  return hits.sort((a, b) => b.score - a.score || (a.memory.id < b.memory.id ? -1 : 1));
}

function share(score: number | undefined, best: number): number {
  return score === undefined || best <= 0 ? 0 : score / best;
}

function strengthOf({ stabilityMs, lastAccessAt }: Memory) {
  return { stabilityMs, lastAccessMs: Date.parse(lastAccessAt) };
}

function toCandidate({ memory, score, explanation }: RecalledMemory, now: Date): Candidate {
  const entities = explanation?.graph?.entities;
  return {
    id: memory.id,
    text: memorySearchText(memory),
    features: {
      score,
      retention: retention(strengthOf(memory), now.getTime()),
      importance: memory.importance,
      ...(entities === undefined ? {} : { entities }),
    },
  };
}

async function use(
  { memories, indexes }: MemoryServiceDeps,
  workspaceId: string,
  hits: readonly RecalledMemory[],
): Promise<void> {
  const ids = hits.map(({ memory }) => memory.id);
  if (ids.length === 0 || (await memories.touch(workspaceId, ids)) === 0) return;
  await indexes.written(workspaceId, { subject: 'memory', ids });
}
