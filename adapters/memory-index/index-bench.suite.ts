import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { IndexEntry, IndexQuery, MemoryIndex, NamedVector } from './port.ts';

/** The set of the vectors that `at` gives. */
export const SET = 'toy:1:2';

/** An entry that says nothing but what is asked. */
export function entryOf(id: string, changes: Partial<IndexEntry> = {}): IndexEntry {
  return {
    id,
    version: 1,
    profile: 'dialogue',
    text: '',
    session: null,
    vectors: [],
    attributes: {},
    retention: null,
    ...changes,
  };
}

/** A search for a text, or what is asked. */
export function queryOf(changes: Partial<IndexQuery>): IndexQuery {
  return {
    profile: 'dialogue',
    text: null,
    vector: null,
    fusion: { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 1 },
    filter: null,
    limit: 10,
    decayAt: null,
    explain: false,
    ...changes,
  };
}

/** An async stream of the entries. */
export async function* streamOf(entries: readonly IndexEntry[]): AsyncGenerator<IndexEntry> {
  for (const entry of entries) yield entry;
}

/** A vector that points so far from (1, 0). */
export function at(degrees: number): NamedVector {
  const angle = (degrees * Math.PI) / 180;
  return { set: SET, values: Float32Array.of(Math.cos(angle), Math.sin(angle)) };
}

/** An open index and two workspaces in it that no other test knows. */
export interface IndexBench {
  readonly index: MemoryIndex;
  readonly alpha: string;
  readonly beta: string;
  /** Adds to alpha. */
  readonly add: (...entries: readonly IndexEntry[]) => Promise<void>;
  /** Ids found in alpha, or in the workspace named. */
  readonly find: (changes: Partial<IndexQuery>, workspace?: string) => Promise<string[]>;
}

/** Opens one index for the tests of a block; what it gives changes from test to test. */
export function useIndexBench(open: () => Promise<MemoryIndex>): IndexBench {
  let index: MemoryIndex;
  let number = 0;
  beforeAll(async () => {
    index = await open();
  });
  beforeEach(() => {
    number += 1;
  });
  afterAll(async () => {
    await index[Symbol.asyncDispose]();
  });
  return {
    get index() {
      return index;
    },
    get alpha() {
      return `ws_alpha${number}`;
    },
    get beta() {
      return `ws_beta${number}`;
    },
    add: (...entries) => index.upsert(`ws_alpha${number}`, entries),
    find: async (changes, workspace = `ws_alpha${number}`) => {
      const { hits } = await index.search(workspace, queryOf(changes));
      return hits.map(({ id }) => id);
    },
  };
}
