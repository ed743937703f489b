import { createKnowledgeStore, type KnowledgeStore } from '../db/stores/knowledge-store.ts';
import { chunkDocument } from '../activities/knowledge/chunk/chunk-document.ts';
import { createInlineParser } from '../adapters/documents/inline-parser.ts';
import { createProcessParser } from '../adapters/documents/process-parser.ts';
import { createWorkspaceStore } from '../db/stores/workspace-store.ts';
import { cutDocument } from '../activities/knowledge/cut-document.ts';
import { freshSchema } from '../tests/harness/postgres.ts';
import { makePdf } from '../adapters/documents/pdf.fixture.ts';
import { startTestPostgres } from '../tests/harness/postgres-server.ts';
import { table } from './markdown.ts';
import { withBenchTools, type BenchTools } from './bench-tools.ts';
import type { DocumentParser } from '../adapters/documents/port.ts';
import type { Embedder } from '../adapters/embedders/port.ts';

const DOCUMENTS = 8;
const SECTIONS = 400;
const PAGES = 150;
const AIM_CHUNKS_PER_S = 500;

interface Sample {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface Row {
  readonly what: string;
  readonly chunks: number;
  readonly ms: number;
  readonly cpuMs: number;
}

/** A text of so many words, which differs with its number. */
function words(seed: number, count: number): string {
  return Array.from(
    { length: count },
    (_, n) => `word${(seed * 7_919 + n * 104_729) % 9_973}`,
  ).join(' ');
}

function markdown(seed: number): Sample {
  const sections = Array.from({ length: SECTIONS }, (_, n) => {
    return `## Section ${n}\n\n${words(seed + n, 60)}.\n\n${words(seed - n, 80)}.`;
  });
  const bytes = Buffer.from(`# Guide ${seed}\n\n${sections.join('\n\n')}\n`);
  return { name: `guide-${seed}.md`, mediaType: 'text/markdown', bytes };
}

function pdf(seed: number): Sample {
  const pages = Array.from({ length: PAGES }, (_, page) =>
    Array.from({ length: 40 }, (_line, n) => ({ text: words(seed + page * 40 + n, 12) })),
  );
  return { name: `report-${seed}.pdf`, mediaType: 'application/pdf', bytes: makePdf(pages) };
}

/** The work for all samples, two at once as a worker has it. */
async function measure(
  what: string,
  samples: readonly Sample[],
  work: (sample: Sample) => Promise<number>,
): Promise<Row> {
  const queue = [...samples];
  let chunks = 0;
  const before = process.cpuUsage();
  const begun = performance.now();
  const lane = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) chunks += await work(next);
  };
  await Promise.all([lane(), lane()]);
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  return { what, chunks, ms, cpuMs: (user + system) / 1_000 };
}

/** Reads and cuts only. */
function cutWith(parser: DocumentParser): (sample: Sample) => Promise<number> {
  return async ({ bytes, name, mediaType }) =>
    chunkDocument(await parser.parse(bytes, { name, mediaType })).length;
}

/** All that an ingestion does for a document where no model makes vectors. */
function ingestWith(
  parser: DocumentParser,
  store: {
    readonly knowledge: KnowledgeStore;
    readonly workspaceId: string;
    readonly base: string;
  },
): (sample: Sample) => Promise<number> {
  const { knowledge, workspaceId, base } = store;
  const embedderFor = (): Embedder => {
    throw new Error('nothing is embedded here');
  };
  return async ({ name, mediaType, bytes }) => {
    const { document } = await knowledge.putDocument(workspaceId, {
      ...{ knowledgeBaseId: base, source: name, title: name, mediaType, content: bytes },
    });
    const { id } = await knowledge.startIngestion(workspaceId, document.id);
    const ref = { workspaceId, documentId: document.id, ingestionId: id };
    const never = new AbortController().signal;
    const { chunks } = await cutDocument({ knowledge, parser, embedderFor }, ref, never);
    await knowledge.endIngestion(workspaceId, id, { state: 'succeeded' });
    return chunks;
  };
}

async function openStore(closing: AsyncDisposableStack) {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined) process.env['TEST_DATABASE_URL'] = given;
  const server = await startTestPostgres();
  closing.defer(() => server.stop());
  process.env['HOLDFAST_TEST_DATABASE_URL'] = server.connectionString;
  const schema = await freshSchema();
  closing.defer(() => schema.drop());
  const knowledge = createKnowledgeStore(schema.database);
  const { id: workspaceId } = await createWorkspaceStore(schema.database).create({ name: 'bench' });
  const { id: base } = await knowledge.createBase(workspaceId, { name: 'bench', description: '' });
  return { knowledge, workspaceId, base };
}

async function main({ closing, log, print }: BenchTools): Promise<void> {
  const store = await openStore(closing);
  const guides = Array.from({ length: DOCUMENTS }, (_, n) => markdown(n * 1_000));
  const reports = Array.from({ length: DOCUMENTS }, (_, n) => pdf(n * 1_000));
  const [inline, processes] = [createInlineParser(), createProcessParser()];
  const rows: Row[] = [];
  log('reading and cutting');
  rows.push(await measure('Markdown: read and cut in this process', guides, cutWith(inline)));
  rows.push(await measure('PDF: read and cut in this process', reports, cutWith(inline)));
  rows.push(await measure('Markdown: in processes of their own', guides, cutWith(processes)));
  rows.push(await measure('PDF: in processes of their own', reports, cutWith(processes)));
  log('ingesting');
  const ingest = ingestWith(processes, store);
  rows.push(await measure('Markdown: ingested', guides, ingest));
  rows.push(await measure('PDF: ingested', reports, ingest));
  const body = rows.map(({ what, chunks, ms, cpuMs }) => [
    what,
    ...[chunks, ms, (chunks / ms) * 1_000, cpuMs / chunks],
  ]);
  print([
    `# Ingestion\n\nAim: at least ${AIM_CHUNKS_PER_S} pieces/s without a model. CPU is this process's alone.`,
    table(['what', 'pieces', 'ms', 'pieces/s', 'CPU ms/piece'], body),
  ]);
}

await withBenchTools(main);
