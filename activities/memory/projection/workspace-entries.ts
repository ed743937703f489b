import type { Chunk, KnowledgeDocument } from '../../../contracts/knowledge.ts';
import type { IndexEntry, NamedVector } from '../../../adapters/memory-index/port.ts';
import type { Embedder } from '../../../adapters/embedders/port.ts';
import type { KnowledgeStore } from '../../../db/stores/knowledge-store.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Memory } from '../../../contracts/memory.ts';
import type { MemoryStore } from '../../../db/stores/memory-store.ts';
import type { Projected } from '../../../contracts/projection.ts';
import { chunkEntry, chunkSearchText, memoryEntry } from '../index-entry.ts';
import { vectorSetOf } from '../../../contracts/embedding.ts';

/** Where entries come from: rows of the database, and vectors that are kept there or made here. */
export interface EntrySource {
  readonly memories: Pick<MemoryStore, 'scan' | 'getMany' | 'vectors'>;
  readonly knowledge: Pick<KnowledgeStore, 'scanChunks' | 'chunks' | 'documents' | 'vectors'>;
  /** Whose vectors entries have: the wanted one first, then those that serve until it is complete. */
  readonly embedders: readonly Embedder[];
}

/** Things of which an index may have to learn. */
export interface Changed {
  readonly subject: Extract<Projected, 'memory' | 'chunk'>;
  readonly ids: readonly string[];
}

/** What an index does with changed things. */
export interface EntryChanges {
  readonly entries: readonly IndexEntry[];
  /** Of these nothing is to be found any more. */
  readonly gone: readonly string[];
}

type Vectors = ReadonlyMap<string, readonly NamedVector[]>;

/** All entries of a workspace as the database has them. */
export async function* workspaceEntries(
  source: EntrySource,
  workspaceId: string,
): AsyncGenerator<IndexEntry> {
  const limit = LIMITS.memoryBatch;
  const memories = (afterId: string): Promise<readonly Memory[]> =>
    source.memories.scan(workspaceId, { limit, afterId });
  for await (const batch of batches(memories))
    yield* await memoryEntries(source, workspaceId, batch);
  const chunks = (afterId: string): Promise<readonly Chunk[]> =>
    source.knowledge.scanChunks(workspaceId, { limit, afterId });
  for await (const batch of batches(chunks)) yield* await chunkEntries(source, workspaceId, batch);
}

/** What has become of things that have changed. */
export async function changedEntries(
  source: EntrySource,
  workspaceId: string,
  { subject, ids }: Changed,
): Promise<EntryChanges> {
  const entries =
    subject === 'memory'
      ? await memoryEntries(source, workspaceId, await activeOf(source, workspaceId, ids))
      : await chunkEntries(source, workspaceId, await source.knowledge.chunks(workspaceId, ids));
  const found = new Set(entries.map(({ id }) => id));
  return { entries, gone: ids.filter((id) => !found.has(id)) };
}

async function activeOf(
  { memories }: EntrySource,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly Memory[]> {
  const found = await memories.getMany(workspaceId, ids);
  return found.filter(({ status }) => status === 'active');
}

async function* batches<T extends { readonly id: string }>(
  read: (afterId: string) => Promise<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  let afterId = '';
  for (;;) {
    const batch = await read(afterId);
    const last = batch.at(-1);
    if (last === undefined) return;
    yield batch;
    afterId = last.id;
  }
}

async function memoryEntries(
  source: EntrySource,
  workspaceId: string,
  memories: readonly Memory[],
): Promise<readonly IndexEntry[]> {
  const ids = memories.map(({ id }) => id);
  const vectors = await keptVectors(source, source.memories, { workspaceId, ids });
  return memories.map((memory) => memoryEntry(memory, vectors.get(memory.id) ?? []));
}

async function chunkEntries(
  source: EntrySource,
  workspaceId: string,
  chunks: readonly Chunk[],
): Promise<readonly IndexEntry[]> {
  const documentIds = [...new Set(chunks.map(({ documentId }) => documentId))];
  const documents = await source.knowledge.documents(workspaceId, documentIds);
  const byId = new Map(documents.map((document) => [document.id, document]));
  const ids = chunks.map(({ id }) => id);
  const kept = await keptVectors(source, source.knowledge, { workspaceId, ids });
  // A piece whose document is gone goes with it.
  const placed = chunks.flatMap((chunk) => {
    const document = byId.get(chunk.documentId);
    return document === undefined ? [] : [{ chunk, document }];
  });
  const made = await madeVectors(source.embedders, placed);
  return placed.map(({ chunk, document }) =>
    chunkEntry(chunk, document, [...(kept.get(chunk.id) ?? []), ...(made.get(chunk.id) ?? [])]),
  );
}

/** Vectors that know meanings are costly, hence kept; those of texts without one are absent. */
async function keptVectors(
  { embedders }: EntrySource,
  store: Pick<MemoryStore, 'vectors'>,
  { workspaceId, ids }: { readonly workspaceId: string; readonly ids: readonly string[] },
): Promise<Vectors> {
  const vectors = new Map<string, NamedVector[]>();
  if (ids.length === 0) return vectors;
  for (const { ref, quality } of embedders) {
    if (quality !== 'semantic') continue;
    const set = vectorSetOf(ref);
    const scan = { embedder: ref, limit: LIMITS.memoryBatch, ids };
    for (const { id, vector } of await store.vectors(workspaceId, scan)) {
      vectors.set(id, [...(vectors.get(id) ?? []), { set, values: vector }]);
    }
  }
  return vectors;
}

/** Vectors that see words alone cost less to make than to keep, and help with documents only. */
async function madeVectors(
  embedders: readonly Embedder[],
  placed: readonly { readonly chunk: Chunk; readonly document: KnowledgeDocument }[],
): Promise<Vectors> {
  const vectors = new Map<string, NamedVector[]>();
  if (placed.length === 0) return vectors;
  const texts = placed.map(({ chunk, document }) => chunkSearchText(chunk, document.title));
  for (const embedder of embedders) {
    if (embedder.quality !== 'lexical') continue;
    const set = vectorSetOf(embedder.ref);
    const made = await embedder.embed(texts, { use: 'document' });
    for (const [index, { chunk }] of placed.entries()) {
      const values = made[index];
      // A text of stop words has no direction.
      if (values === undefined || values.every((value) => value === 0)) continue;
      vectors.set(chunk.id, [...(vectors.get(chunk.id) ?? []), { set, values }]);
    }
  }
  return vectors;
}
