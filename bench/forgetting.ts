import type { MemoryStore } from '../db/stores/memory-store.ts';
import { createWorkspaceStore } from '../db/stores/workspace-store.ts';
import { openMemoryHarness, type MemoryHarness } from '../tests/memory/memory-harness.ts';
import { sql } from 'kysely';
import { startTestPostgres } from '../tests/harness/postgres-server.ts';
import { table } from './markdown.ts';
import { withBenchTools, type BenchTools } from './bench-tools.ts';

const SIZES = [10_000, 100_000];
const DUE = [1_000, 10_000];
const BATCH = 1_000;
const AUTHOR = { actor: 'bench', why: 'to be forgotten' };
const WORDS = 5_000;

interface Row {
  readonly kept: number;
  readonly due: number;
  readonly ms: number;
  readonly archived: number;
  readonly summaries: number;
}

/** Episodes in groups of five that are about the same, so that some are summarised. */
function textOf(n: number): string {
  const group = Math.floor(n / 5);
  const word = (k: number): string => `word${(group * 7_919 + k * 104_729) % WORDS}`;
  return `${word(1)} ${word(2)} ${word(3)} ${word(4)} in conversation ${n}`;
}

async function fill(memories: MemoryStore, workspaceId: string, count: number): Promise<void> {
  await memories.setLimit(workspaceId, count * 2);
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => ({
      ...{ kind: 'episode' as const, scope: 'workspace' as const, origin: 'user' as const },
      text: textOf(from + n),
    }));
    await memories.remember(workspaceId, batch, AUTHOR);
  }
}

/** Makes so many due, as if nobody had asked for them for a year. */
async function age(harness: MemoryHarness, workspaceId: string, due: number): Promise<void> {
  const { kysely } = harness.schema.database;
  // Of a workspace that it has no figures of, the planner expects one row.
  await sql`analyze memories`.execute(kysely);
  await sql`
    update memories set forget_at = now() - interval '1 day',
      last_access_at = now() - interval '400 days'
    where workspace_id = ${workspaceId} and status = 'active' and id in (
      select id from memories where workspace_id = ${workspaceId} and status = 'active'
      order by id limit ${due})`.execute(kysely);
  await sql`vacuum analyze memories`.execute(kysely);
}

async function sweepAll(harness: MemoryHarness, workspaceId: string) {
  const { service } = harness.memory;
  const begun = performance.now();
  let [archived, summaries] = [0, 0];
  for (let more = true; more;) {
    const report = await service.sweep(workspaceId, BATCH);
    archived += report.archived;
    summaries += report.summaries;
    more = report.more;
  }
  return { ms: performance.now() - begun, archived, summaries };
}

async function main({ closing, log, print }: BenchTools): Promise<void> {
  const server = await startTestPostgres();
  closing.defer(() => server.stop());
  process.env['HOLDFAST_TEST_DATABASE_URL'] = server.connectionString;
  const rows: Row[] = [];
  for (const kept of SIZES) {
    const harness = await openMemoryHarness();
    closing.defer(() => harness.close());
    for (const due of DUE.filter((count) => count <= kept)) {
      const { id } = await createWorkspaceStore(harness.schema.database).create({
        name: `bench-${kept}-${due}`,
      });
      log(`remembering ${kept}`);
      await fill(harness.memories, id, kept);
      await age(harness, id, due);
      log(`sweeping ${due} of ${kept}`);
      rows.push({ kept, due, ...(await sweepAll(harness, id)) });
    }
  }
  const body = rows.map(({ kept, due, ms, archived, summaries }) => [
    ...[kept, due, ms, (due / ms) * 1_000, archived, summaries],
  ]);
  print([
    '# Forgetting\n\nA sweep reads what is due and nothing else: its time follows the due, not the kept.',
    table(['memories', 'due', 'ms', 'due/s', 'archived', 'summaries'], body),
    ...ratios(rows),
  ]);
}

/** The same number due among ten times as many memories. */
function ratios(rows: readonly Row[]): readonly string[] {
  return DUE.flatMap((due) => {
    const [few, many] = SIZES.map((kept) =>
      rows.find((row) => row.kept === kept && row.due === due),
    );
    if (few === undefined || many === undefined) return [];
    return [
      `${due} due: ${SIZES[1]} memories take ${(many.ms / few.ms).toFixed(2)} x the time of ${SIZES[0]}`,
    ];
  });
}

await withBenchTools(main);
