import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { percentile } from '../drive.ts';
import { makeConversations, numberOfTurn, seeded } from './conversations.ts';
import type { IndexEntry, IndexQuery, MemoryIndex } from '../../adapters/memory-index/port.ts';

/** Times of searches of one kind. */
export interface SearchTimes {
  readonly what: string;
  readonly size: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** CPU of this process, which others on the machine do not move as much as they move times. */
  readonly cpuP95Ms: number;
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
  readonly vectors: readonly Float32Array[];
}

const WORKSPACE = 'ws_latency';
const SET = 'synthetic:1:384';
const DIMENSIONS = 384;
const CROWDS = 200;
const QUERIES = 200;
const WARM_UP = 20;
/** Searches that are compared with looking at every vector. */
const COMPARED = 25;
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
  return { index, size, fillMs, megabytes, queries, vectors };
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
  const cpuTimes: number[] = [];
  for (const query of queries) {
    const begun = performance.now();
    const cpu = process.cpuUsage();
    await index.search(WORKSPACE, change(query));
    const { user, system } = process.cpuUsage(cpu);
    times.push(performance.now() - begun);
    cpuTimes.push((user + system) / 1_000);
    await setImmediate();
  }
  delays.disable();
  return {
    what,
    size,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    cpuP95Ms: percentile(cpuTimes, 0.95),
    blockedMs: delays.percentile(95) / 1e6,
  };
}

/** The share of the ten nearest that a search by vectors finds; the nearest by comparing them all. */
export async function measureVectorRecall({
  index,
  size,
  queries,
  vectors,
}: Filled): Promise<number> {
  const units = vectors.slice(0, size).map(toUnit);
  let found = 0;
  for (const query of queries.slice(0, COMPARED)) {
    const { hits } = await index.search(WORKSPACE, { ...query, text: null, decayAt: null });
    const wanted = query.vector?.values ?? new Float32Array(DIMENSIONS);
    const cosines = Float64Array.from(units, (unit) => dot(unit, wanted));
    const worst = cosines.toSorted().at(-10) ?? 0;
    found += hits.filter(({ id }) => (cosines[numberOfTurn(id)] ?? 0) >= worst).length;
  }
  return found / (COMPARED * 10);
}

function toUnit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
