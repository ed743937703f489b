import type { Chunk } from '../../../contracts/knowledge.ts';
import type { Embedder } from '../../../adapters/embedders/port.ts';
import type { EmbedderRef, NewVector, TextToEmbed } from '../../../contracts/embedding.ts';
import type { KnowledgeStore } from '../../../db/stores/knowledge-store.ts';
import type { MemoryStore } from '../../../db/stores/memory-store.ts';

/** Stores that lack vectors. */
export interface EmbedMissingDeps {
  readonly memories: Pick<MemoryStore, 'missingVectors' | 'putVectors'>;
  readonly knowledge: Pick<KnowledgeStore, 'missingVectors' | 'putVectors' | 'chunks'>;
  readonly signal?: AbortSignal;
}

const BATCH = 100;

/**
 * Makes the vectors of a set that a workspace lacks and keeps them, a batch at a time: cut short, it
 * goes on where it was. Answers with how many. Several at once only cost more.
 */
export async function embedMissing(
  deps: EmbedMissingDeps,
  workspaceId: string,
  embedder: Embedder,
): Promise<number> {
  const memories = await fill(deps, deps.memories, {
    workspaceId,
    embedder,
    textsOf: (items) => Promise.resolve(items.map(({ text }) => text)),
  });
  const chunks = await fill(deps, deps.knowledge, {
    workspaceId,
    embedder,
    textsOf: async (items) => {
      const ids = items.map(({ id }) => id);
      const found = await deps.knowledge.chunks(workspaceId, ids);
      const byId = new Map(found.map((chunk) => [chunk.id, chunk]));
      return items.map(({ id, text }) => chunkEmbedText(byId.get(id) ?? { headings: [], text }));
    },
  });
  return memories + chunks;
}

/** The text that a piece's vectors are made from: what its hash covers, and no more. */
export function chunkEmbedText({ headings, text }: Pick<Chunk, 'headings' | 'text'>): string {
  return [...headings, text].join('\n');
}

/** Whether all of a workspace has vectors of the set. */
export async function hasAllVectors(
  { memories, knowledge }: EmbedMissingDeps,
  workspaceId: string,
  embedder: EmbedderRef,
): Promise<boolean> {
  const scan = { embedder, limit: 1 };
  if ((await memories.missingVectors(workspaceId, scan)).length > 0) return false;
  return (await knowledge.missingVectors(workspaceId, scan)).length === 0;
}

interface Filling {
  readonly workspaceId: string;
  readonly embedder: Embedder;
  readonly textsOf: (items: readonly TextToEmbed[]) => Promise<readonly string[]>;
}

async function fill(
  { signal }: EmbedMissingDeps,
  store: Pick<MemoryStore, 'missingVectors' | 'putVectors'>,
  { workspaceId, embedder, textsOf }: Filling,
): Promise<number> {
  let made = 0;
  let afterId = '';
  while (signal?.aborted !== true) {
    const scan = { embedder: embedder.ref, afterId, limit: BATCH };
    const items = await store.missingVectors(workspaceId, scan);
    const last = items.at(-1);
    if (last === undefined) break;
    const options = { use: 'document' as const, ...(signal === undefined ? {} : { signal }) };
    const vectors = await embedder.embed(await textsOf(items), options);
    const fresh = items.flatMap(({ id, hash }, index): NewVector[] => {
      const vector = vectors[index];
      return vector === undefined ? [] : [{ id, hash, vector }];
    });
    made += await store.putVectors(workspaceId, embedder.ref, fresh);
    // By id, so that a text changed meanwhile is not asked for again and again in this pass.
    afterId = last.id;
  }
  return made;
}
