import { changedEntries, workspaceEntries, type EntrySource } from './workspace-entries.ts';
import type { IndexStats, MemoryIndex } from '../../../adapters/memory-index/port.ts';
import type { SearchIndexes } from './search-indexes.ts';

/** An index outside of the processes: workers tell it of changes, each change once. */
export function createSharedIndex(index: MemoryIndex, source: EntrySource): SearchIndexes {
  return {
    kind: 'shared',
    search: (ws, query) => index.search(ws, query),
    frequencies: (ws, asked) => index.frequencies(ws, asked),
    written: async (ws, changed) => {
      const { entries, gone } = await changedEntries(source, ws, changed);
      await index.upsert(ws, entries);
      await index.remove(ws, gone);
    },
    follow: () => Promise.resolve(),
    rebuild: async (ws) => ({
      before: entryCount(await index.stats(ws)),
      after: await index.rebuild(ws, workspaceEntries(source, ws)),
    }),
    stats: (ws) => index.stats(ws),
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
}

/** Entries of both profiles. */
export function entryCount({ entries }: IndexStats): number {
  return entries.dialogue + entries.document;
}
