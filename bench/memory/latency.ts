import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { percentile } from '../drive.ts';
import { makeConversations, seeded } from './conversations.ts';
import type { IndexEntry, IndexQuery, MemoryIndex } from '../../adapters/memory-index/port.ts';

/** Times of searches of one kind. */
export interface SearchTimes {
  readonly what: string;
  readonly size: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The longest that others in this process waited, ms. */
  readonly blockedMs: number;
}

/** An index with synthetic memories, and what it took to fill it. */
export interface Filled {
  readonly index: MemoryIndex;
  readonly size: number;
  readonly fillMs: number;
  readonly megabytes: Readonly<Record<'lexical' | 'vectors' | 'entries', number>>;
  readonly queries: readonly IndexQuery[];
}

const WORKSPACE = 'ws_latency';
const SET = 'synthetic:1:384';
const DIMENSIONS = 384;
const CROWDS = 200;
const QUERIES = 200;
const WARM_UP = 20;
const NOW = Date.UTC(2026, 0, 1);

/** Vectors in crowds, as embedders make them. */
function crowdedVectors(count: number): Float32Array[] {
  const random = seeded(3);
  const noise = (): number => random() + random() + random() - 1.5;
  const middles = Array.from({ length: CROWDS }, () =>
    Float32Array.from({ length: DIMENSIONS }, noise),
  );
  return Array.from({ length: count }, (_, index) => {
    const middle = middles[index % CROWDS] ?? new Float32Array(DIMENSIONS);
    return middle.map((value) => value + 0.7 * noise());
  });
}

async function* withVectors(turns: readonly IndexEntry[], vectors: readonly Float32Array[]) {
  for (const [index, turn] of turns.entries()) {
    const values = vectors[index] ?? new Float32Array(DIMENSIONS);
    yield { ...turn, vectors: [{ set: SET, values }] };
  }
}

/** Fills the index as after a start: by a rebuild. */
export async function fill(index: MemoryIndex, size: number): Promise<Filled> {
  const { turns, questions } = makeConversations(size);
  const vectors = crowdedVectors(size + QUERIES);
  const begun = performance.now();
  await index.rebuild(WORKSPACE, withVectors(turns, vectors));
  const fillMs = performance.now() - begun;
  const { bytes } = await index.stats(WORKSPACE);
  const megabytes = {
    lexical: bytes.lexical / 1e6,
    vectors: bytes.vectors / 1e6,
    entries: bytes.entries / 1e6,
  };
  const queries = Array.from({ length: QUERIES }, (_, number): IndexQuery => {
    const question = questions[(number * 7) % questions.length];
    return {
      profile: 'dialogue',
      text: question?.text ?? '',
      vector: { set: SET, values: vectors[size + number] ?? new Float32Array(DIMENSIONS) },
      fusion: { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 1 },
      filter: null,
      limit: 10,
      decayAt: NOW,
      explain: false,
    };
  });
  return { index, size, fillMs, megabytes, queries };
}

/** Searches one after the other. */
export async function time(
  { index, size, queries }: Filled,
  what: string,
  change: (query: IndexQuery) => IndexQuery,
): Promise<SearchTimes> {
  for (const query of queries.slice(0, WARM_UP)) await index.search(WORKSPACE, change(query));
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const times: number[] = [];
  for (const query of queries) {
    const begun = performance.now();
    await index.search(WORKSPACE, change(query));
    times.push(performance.now() - begun);
    await setImmediate();
  }
  delays.disable();
  return {
    what,
    size,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    blockedMs: delays.percentile(95) / 1e6,
  };
}
