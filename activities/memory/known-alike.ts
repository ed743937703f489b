import { mayBeOne, relate } from './same-saying.ts';
import { vectorSetOf } from '../../contracts/embedding.ts';
import { audienceOf } from './index-entry.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Hit, IndexQuery, NamedVector } from '../../adapters/memory-index/port.ts';
import type { Memory, NewMemory } from '../../contracts/memory.ts';
import type { MemoryServiceDeps } from './service-deps.ts';

/** A known memory that a draft says again, or what it contradicts; nothing: it is new. */
export type Known =
  | { readonly kind: 'new' }
  | { readonly kind: 'same'; readonly memory: Memory; readonly similarity: number }
  | { readonly kind: 'contradicts'; readonly memories: readonly Memory[] };

/** A draft and its vector, where there are vectors that know meanings. */
export interface DraftToCompare {
  readonly draft: NewMemory;
  readonly vector: NamedVector | null;
}

const CANDIDATES = 5;
const SAME_COSINE = 0.95;
/** Kinds that say what is so: an episode has happened, whatever is said afterwards. */
const REVISABLE: ReadonlySet<NewMemory['kind']> = new Set(['fact', 'preference', 'procedure']);

/** Vectors of the drafts' texts, made together; null for each where none know meanings. */
export async function draftVectors(
  deps: MemoryServiceDeps,
  workspaceId: string,
  drafts: readonly NewMemory[],
): Promise<readonly (NamedVector | null)[]> {
  const serving = await deps.serving(workspaceId);
  if (serving?.embedder.quality !== 'semantic') return drafts.map(() => null);
  const embedder = deps.embedderFor(workspaceId, serving.embedder);
  try {
    const texts = drafts.map(({ text }) => text);
    const vectors = await embedder.embed(texts, { use: 'document' });
    const set = vectorSetOf(embedder.ref);
    return drafts.map((_, index) => {
      const values = vectors[index];
      return values?.some((value) => value !== 0) === true ? { set, values } : null;
    });
  } catch (error) {
    // Learning goes on without them: words still tell most of what is the same.
    deps.onFault({ what: 'embedding what is to be learnt', error });
    return drafts.map(() => null);
  }
}

/** Looks a draft up among what is known of the same owner and kind. */
export async function lookUp(
  deps: MemoryServiceDeps,
  workspaceId: string,
  { draft, vector }: DraftToCompare,
): Promise<Known> {
  const hits = await searchAlike(deps, workspaceId, alikeQuery(draft, vector));
  const cosines = new Map(hits.map(({ id, explanation }) => [id, explanation?.dense?.cosine ?? 0]));
  const found = await deps.memories.getMany(
    workspaceId,
    hits.map(({ id }) => id),
  );
  const known = found.filter(
    (memory) =>
      memory.status === 'active' &&
      memory.invalidAt === null &&
      memory.kind === draft.kind &&
      audienceOf(memory) === audienceOf(ownerOf(draft)),
  );
  if (known.length === 0) return { kind: 'new' };
  // The same text is the store's to answer: it knows of keys.
  if (known.some(({ text }) => text === draft.text.trim())) return { kind: 'new' };
  return byWords(deps, draft, { known, cosines }) ?? byJudge(deps, draft, known);
}

/** Nothing while the index is away: the store still knows equal texts, and the outbox waits. */
async function searchAlike(
  { indexes, onFault }: MemoryServiceDeps,
  workspaceId: string,
  query: IndexQuery,
): Promise<readonly Hit[]> {
  try {
    return (await indexes.search(workspaceId, query)).hits;
  } catch (error) {
    if (!(error instanceof AppError) || !error.retryable) throw error;
    onFault({ what: 'searching what is like what is to be learnt', error });
    return [];
  }
}

/** The owner of a draft with all ids. */
export function ownerOf({ scope, userId = null, agentId = null, threadId = null }: NewMemory) {
  return { scope, userId, agentId, threadId };
}

function alikeQuery(draft: NewMemory, vector: NamedVector | null): IndexQuery {
  return {
    profile: 'dialogue',
    text: draft.text,
    vector,
    fusion: { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 1 },
    filter: {
      all: [
        { field: 'audience', in: [audienceOf(ownerOf(draft))] },
        { field: 'kind', in: [draft.kind] },
      ],
    },
    limit: CANDIDATES,
    decayAt: null,
    explain: true,
  };
}

function byWords(
  { analyse }: MemoryServiceDeps,
  draft: NewMemory,
  {
    known,
    cosines,
  }: { readonly known: readonly Memory[]; readonly cosines: ReadonlyMap<string, number> },
): Known | null {
  const negated: Memory[] = [];
  for (const memory of known) {
    const relation = relate(draft.text, memory.text, analyse);
    if (relation.kind === 'same') {
      return { kind: 'same', memory, similarity: relation.similarity };
    }
    const cosine = cosines.get(memory.id) ?? 0;
    if (cosine > SAME_COSINE && mayBeOne(draft.text, memory.text, analyse)) {
      return { kind: 'same', memory, similarity: cosine };
    }
    if (relation.kind === 'negated' && REVISABLE.has(draft.kind)) negated.push(memory);
  }
  return negated.length === 0 ? null : { kind: 'contradicts', memories: negated };
}

async function byJudge(
  { judge, onFault }: MemoryServiceDeps,
  draft: NewMemory,
  known: readonly Memory[],
): Promise<Known> {
  if (judge === null || !REVISABLE.has(draft.kind)) return { kind: 'new' };
  try {
    const judgements = await judge(draft, known);
    const same = known.find((_, index) => judgements[index] === 'same');
    if (same !== undefined) return { kind: 'same', memory: same, similarity: 1 };
    const memories = known.filter((_, index) => judgements[index] === 'contradicts');
    return memories.length === 0 ? { kind: 'new' } : { kind: 'contradicts', memories };
  } catch (error) {
    // Twice remembered is better than not at all.
    onFault({ what: 'judging what is to be learnt', error });
    return { kind: 'new' };
  }
}
