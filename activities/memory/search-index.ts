import type { DocumentFrequencies } from '../../adapters/memory-index/dense/hash-embedder.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';
import type {
  Fusion,
  Hit,
  IndexFilter,
  IndexProfile,
  NamedVector,
  TermFrequencies,
} from '../../adapters/memory-index/port.ts';
import { vectorSetOf, type EmbedderRef } from '../../contracts/embedding.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import type { RecallCapability, RecallExplanation } from '../../contracts/recall.ts';

/** A search in one profile of a workspace's index. */
export interface IndexSearch {
  readonly profile: IndexProfile;
  readonly text: string;
  readonly filter: IndexFilter;
  readonly limit: number;
  readonly decayAt: number | null;
  readonly explain: boolean;
}

/** What an index found, and whose vectors were compared. */
export interface IndexFound {
  readonly hits: readonly Hit[];
  readonly missing: readonly RecallCapability[];
  readonly embedder: EmbedderRef | null;
}

/** Words alone: what the ranking is called has no part in it. */
const WORDS_ALONE: Fusion = { kind: 'weighted_sum', denseWeight: 0 };

/** Searches by words, and by vectors where there are any that help. */
export async function searchIndex(
  deps: MemoryServiceDeps,
  workspaceId: string,
  search: IndexSearch,
): Promise<IndexFound> {
  const dense = await queryVector(deps, workspaceId, search);
  const { hits, missing } = await deps.indexes.search(workspaceId, {
    ...search,
    vector: dense.vector,
    fusion: dense.fusion,
  });
  const lacking = new Set<RecallCapability>([...missing, ...dense.missing]);
  const isDense = dense.vector !== null && !missing.includes('dense');
  return { hits, missing: [...lacking], embedder: isDense ? dense.ref : null };
}

/** An index's explanation as callers see it. */
export function toExplanation({ explanation }: Hit): RecallExplanation | null {
  if (explanation === null) return null;
  const { lexical, dense, fused, retentionFactor } = explanation;
  return {
    lexical:
      lexical === null
        ? null
        : {
            own: lexical.own,
            neighbours: lexical.neighbours,
            session: lexical.session,
            terms: lexical.terms,
          },
    dense: dense === null ? null : { cosine: dense.cosine },
    fused,
    retentionFactor,
    graph: null,
    rerank: null,
  };
}

interface QueryVector {
  readonly vector: NamedVector | null;
  readonly fusion: Fusion;
  readonly ref: EmbedderRef | null;
  readonly missing: readonly RecallCapability[];
}

const NO_VECTOR = { vector: null, fusion: WORDS_ALONE, ref: null } as const;

async function queryVector(
  deps: MemoryServiceDeps,
  workspaceId: string,
  { profile, text }: IndexSearch,
): Promise<QueryVector> {
  const serving = await deps.serving(workspaceId);
  if (serving === null) return { ...NO_VECTOR, missing: [] };
  const { embedder, isComplete } = serving;
  const fusion = deps.fusionFor(embedder.quality, profile);
  if (fusion === null) return { ...NO_VECTOR, missing: [] };
  const frequencies =
    embedder.quality === 'lexical'
      ? await deps.indexes.frequencies(workspaceId, { profile, text })
      : null;
  const own = deps.embedderFor(workspaceId, embedder);
  const values = await embedQuery(deps, own, { text, frequencies });
  if (values === 'failed') return { ...NO_VECTOR, missing: ['dense'] };
  if (values === null) return { ...NO_VECTOR, missing: [] };
  const vector = { set: vectorSetOf(embedder.ref), values };
  return { vector, fusion, ref: embedder.ref, missing: isComplete ? [] : ['dense'] };
}

interface Question {
  readonly text: string;
  readonly frequencies: TermFrequencies | null;
}

/** What an index tells, as an embedder wants it. */
export function toDocumentFrequencies({
  entries,
  containing,
}: TermFrequencies): DocumentFrequencies {
  return { documents: entries, containing: (term) => containing.get(term) ?? 0 };
}

/** Null for a text without direction. A search by words is better than none while the embedder is away. */
async function embedQuery(
  { onFault }: MemoryServiceDeps,
  embedder: Embedder,
  { text, frequencies }: Question,
): Promise<Float32Array | null | 'failed'> {
  try {
    const [vector] = await embedder.embed([text], {
      use: 'query',
      ...(frequencies === null ? {} : { frequencies: toDocumentFrequencies(frequencies) }),
    });
    return vector?.some((value) => value !== 0) === true ? vector : null;
  } catch (error) {
    onFault({ what: 'embedding a question', error });
    return 'failed';
  }
}
