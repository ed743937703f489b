import type { Chunk, KnowledgeDocument } from '../../contracts/knowledge.ts';
import type {
  Citation,
  KnowledgeAnswer,
  KnowledgeRequest,
  RecalledChunk,
} from '../../contracts/recall.ts';
import { chunkSearchText, documentAudience } from './index-entry.ts';
import { knowledgeAudiences, knowledgeFilter, searchText, wantedHits } from './recall-filter.ts';
import { searchIndex, toExplanation, type IndexFound } from './search-index.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import { rerankHits } from './rerank-hits.ts';
import { withinTokens } from './token-estimate.ts';

const CANDIDATES_PER_HIT = 3;
const MIN_CANDIDATES = 50;

/** See `MemoryService.searchKnowledge`. */
export async function searchKnowledge(
  deps: MemoryServiceDeps,
  workspaceId: string,
  request: KnowledgeRequest,
): Promise<KnowledgeAnswer> {
  const limit = wantedHits(request.limit);
  const text = searchText(request.text);
  const found = await searchIndex(deps, workspaceId, {
    profile: 'document',
    text,
    filter: knowledgeFilter(request),
    limit: Math.max(CANDIDATES_PER_HIT * limit, MIN_CANDIDATES),
    decayAt: null,
    explain: request.explain ?? false,
  });
  const candidates = await hydrate(deps, workspaceId, { request, found });
  const { hits, reranked, failed } = await rerankHits(candidates, {
    reranker: deps.reranker,
    workspaceId,
    choice: request.rerank ?? 'auto',
    text,
    limit,
    candidate: ({ chunk, citation, score }) => ({
      id: chunk.id,
      text: chunkSearchText(chunk, citation.title),
      features: { score },
    }),
  });
  const { kept, omitted } = withinTokens(hits, request.tokenBudget, ({ chunk }) => chunk.text);
  const missing = failed ? [...found.missing, 'rerank' as const] : found.missing;
  return { hits: kept, omitted, missing, embedder: found.embedder, reranked };
}

/** Pieces as the database has them, in the index's order. */
async function hydrate(
  { knowledge }: MemoryServiceDeps,
  workspaceId: string,
  { request, found }: { readonly request: KnowledgeRequest; readonly found: IndexFound },
): Promise<readonly RecalledChunk[]> {
  const ids = found.hits.map(({ id }) => id);
  const chunks = await knowledge.chunks(workspaceId, ids);
  const documentIds = [...new Set(chunks.map(({ documentId }) => documentId))];
  const documents = await knowledge.documents(workspaceId, documentIds);
  const chunkById = new Map(chunks.map((chunk) => [chunk.id, chunk]));
  const documentById = new Map(documents.map((document) => [document.id, document]));
  return found.hits.flatMap((hit): RecalledChunk[] => {
    const chunk = chunkById.get(hit.id);
    const document = documentById.get(chunk?.documentId ?? '');
    if (chunk === undefined || document === undefined) return [];
    if (!isVisible(document, request)) return [];
    const citation = toCitation(chunk, document);
    return [{ chunk, citation, score: hit.score, explanation: toExplanation(hit) }];
  });
}

function isVisible(document: KnowledgeDocument, request: KnowledgeRequest): boolean {
  return (
    knowledgeAudiences(request).includes(documentAudience(document.userId)) &&
    (request.knowledgeBaseIds?.includes(document.knowledgeBaseId) ?? true) &&
    (request.documentIds?.includes(document.id) ?? true)
  );
}

function toCitation(chunk: Chunk, document: KnowledgeDocument): Citation {
  return {
    knowledgeBaseId: document.knowledgeBaseId,
    documentId: document.id,
    chunkId: chunk.id,
    title: document.title,
    source: document.source,
    page: chunk.page,
    start: chunk.start,
    end: chunk.end,
    headings: chunk.headings,
  };
}
