import { cpus, loadavg } from 'node:os';
import { InProcessIndex } from '../adapters/memory-index/in-process/in-process-index.ts';
import { createQdrantIndex } from '../adapters/memory-index/qdrant/create-qdrant-index.ts';
import { ThreadedIndex } from '../adapters/memory-index/thread/threaded-index.ts';
import { withBenchTools, type BenchTools } from './bench-tools.ts';
import { rounded, table } from './markdown.ts';
import {
  fill,
  measureVectorRecall,
  time,
  type Filled,
  type SearchTimes,
} from './memory/latency.ts';
import { parseMemoryOptions, type MemoryBenchOptions } from './memory/options.ts';
import { measureFactRecall, type FactRecall } from './memory/recall-of-facts.ts';
import { measureSciFact, type SciFactQuality } from './memory/scifact.ts';
import type { IndexQuery, MemoryIndex } from '../adapters/memory-index/port.ts';

const RECALL_TURNS = 4_000;

const KINDS: readonly (readonly [string, (query: IndexQuery) => IndexQuery])[] = [
  ['words', (query) => ({ ...query, vector: null })],
  ['vectors', (query) => ({ ...query, text: null })],
  ['both', (query) => query],
  ['both, one user of ten', (query) => ({ ...query, filter: { field: 'user', in: ['u3'] } })],
];

async function timeAll(filled: Filled, where: string): Promise<SearchTimes[]> {
  const rows: SearchTimes[] = [];
  for (const [kind, change] of KINDS) rows.push(await time(filled, `${where}: ${kind}`, change));
  return rows;
}

async function measureIndex(
  open: () => MemoryIndex,
  size: number,
  where: string,
): Promise<{
  readonly filled: Filled;
  readonly rows: readonly SearchTimes[];
  readonly recall: number;
}> {
  await using index = open();
  const filled = await fill(index, size);
  const rows = await timeAll(filled, where);
  return { filled, rows, recall: await measureVectorRecall(filled) };
}

function timesTable(rows: readonly SearchTimes[]): string {
  return table(
    ['search', 'memories', 'p50 ms', 'p95 ms', 'CPU p95 ms', 'others wait, p95 ms'],
    rows.map(({ what, size, p50Ms, p95Ms, cpuP95Ms, blockedMs }) => [
      what,
      size,
      p50Ms,
      p95Ms,
      cpuP95Ms,
      blockedMs,
    ]),
  );
}

function memoryTable(filled: readonly Filled[]): string {
  return table(
    ['index of', 'filled in s', 'words MB', 'vectors MB', 'entries MB'],
    filled.map(({ size, fillMs, megabytes: { lexical, vectors, entries } }) => [
      size.toLocaleString('en-US'),
      fillMs / 1_000,
      lexical,
      vectors,
      entries,
    ]),
  );
}

interface Measured {
  readonly scifact: SciFactQuality | null;
  readonly facts: FactRecall;
  /** Searches by both among the most memories, here and in a thread, as the product has it. */
  readonly slowest: readonly SearchTimes[];
  readonly vectorRecall: number;
  readonly largest: number;
}

function aims({ scifact, facts, slowest, largest, vectorRecall }: Measured): string {
  const rows: readonly (readonly [string, number, 'at least' | 'at most', number])[] = [
    ['SciFact, nDCG@10, both', 0.69, 'at least', scifact?.hybrid ?? Number.NaN],
    ['planted facts, recall@5', 0.9, 'at least', facts.at5],
    ['vectors, recall@10', 0.95, 'at least', vectorRecall],
    ...slowest.flatMap(
      ({ what, p95Ms, cpuP95Ms }): (readonly [string, number, 'at most', number])[] => [
        [`p95 ms of a search ${what}, ${largest} memories`, 15, 'at most', p95Ms],
        ['p95 CPU ms of the same', 15, 'at most', cpuP95Ms],
      ],
    ),
  ];
  return table(
    ['aim', 'wanted', 'measured', ''],
    rows.map(([what, limit, side, measured]) => {
      const met = side === 'at least' ? measured >= limit : measured <= limit;
      const verdict = Number.isNaN(measured) ? 'not measured' : met ? 'met' : 'missed';
      return [what, `${side} ${rounded(limit)}`, measured, verdict];
    }),
  );
}

function qualitiesOf(
  where: string,
  facts: FactRecall,
  scifact: SciFactQuality | null,
): readonly (readonly [string, number])[] {
  const { questions, turns, at5, at10 } = facts;
  const planted = [
    [`${where}planted facts, recall@5, ${questions} questions, ${turns} turns`, at5],
    [`${where}planted facts, recall@10`, at10],
  ] as const;
  if (scifact === null) return planted;
  return [
    ...planted,
    [`${where}SciFact nDCG@10, ${scifact.claims} claims, BM25`, scifact.lexical],
    [`${where}SciFact nDCG@10, \`hash-v1\``, scifact.dense],
    [`${where}SciFact nDCG@10, both`, scifact.hybrid],
    [`${where}SciFact nDCG@10, both, reranked by features`, scifact.reranked],
  ];
}

async function measureQdrant(
  url: string,
  folder: string | null,
): Promise<readonly (readonly [string, number])[]> {
  const collection = `holdfast-bench-${Date.now()}`;
  const open = (): MemoryIndex => createQdrantIndex({ url, apiKey: null, collection });
  const facts = await measureFactRecall(open, RECALL_TURNS);
  const scifact = folder === null ? null : await measureSciFact(open, folder);
  return qualitiesOf('Qdrant: ', facts, scifact);
}

async function measureAll(
  { quick, scifact: folder, qdrantUrl }: MemoryBenchOptions,
  { log, print }: BenchTools,
): Promise<void> {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  print(['## Memory', `- machine: ${machine}; load before: ${load}`]);
  const sizes = quick ? [1_000, 10_000] : [10_000, 100_000];
  const largest = Math.max(...sizes);
  log('planted facts');
  const here = (): MemoryIndex => new InProcessIndex();
  const facts = await measureFactRecall(here, RECALL_TURNS);
  const scifact = folder === null ? null : await (log('SciFact'), measureSciFact(here, folder));
  const all: Filled[] = [];
  const rows: SearchTimes[] = [];
  let vectorRecall = Number.NaN;
  for (const size of sizes) {
    log(`${size} memories`);
    const measured = await measureIndex(here, size, 'here');
    all.push(measured.filled);
    rows.push(...measured.rows);
    vectorRecall = measured.recall;
  }
  log(`${largest} memories in a thread`);
  const threaded = await measureIndex(() => new ThreadedIndex(), largest, 'in a thread');
  print(['### Searches', timesTable([...rows, ...threaded.rows])]);
  print(['### Sizes', memoryTable(all)]);
  const qualities: (readonly [string, number])[] = [
    ...qualitiesOf('', facts, scifact),
    [`vectors, recall@10, ${largest} memories`, vectorRecall],
  ];
  if (qdrantUrl !== null) {
    log('Qdrant');
    qualities.push(...(await measureQdrant(qdrantUrl, folder)));
  }
  const digits = qualities.map(([what, value]) => [what, value.toFixed(3)]);
  print(['### Quality', table(['measure', 'value'], digits)]);
  const slowest = [...rows, ...threaded.rows].filter(
    ({ what, size }) => what.endsWith(': both') && size === largest,
  );
  print(['### Aims', aims({ scifact, facts, slowest, largest, vectorRecall })]);
}

const options = parseMemoryOptions(process.argv.slice(2));
await withBenchTools((tools) => measureAll(options, tools));
process.exit();
