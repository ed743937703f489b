/**
 * How many cheap steps the journal takes, and what each costs: `node bench/journal.ts`.
 * Uses DATABASE_URL in a schema of its own, or starts a server for itself.
 */
import { call, doneUnit } from '../tests/db/journal-fixtures.ts';
import { createStores, createTenant, type Tenant } from '../tests/db/fixtures.ts';
import { freshSchema, type TestSchema } from '../tests/harness/postgres.ts';
import { createJournal } from '../db/journal/journal.ts';
import { readFileSync } from 'node:fs';
import { startTestPostgres } from '../tests/harness/postgres-server.ts';
import type { Journal, RunRef } from '../contracts/journal.ts';

/** Runs that commit at the same time; each waits for its commit before the next. */
const RUNS = [1, 2, 10, 40, 200];
const WARM_UP_STEPS = 20;
const UNITS = 10_000;
const MAX_STEPS = 500;
/** Linux counts CPU time of processes in hundredths of a second. */
const TICK_MS = 10;

async function main(): Promise<void> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined) process.env['TEST_DATABASE_URL'] = given;
  const server = await startTestPostgres();
  process.env['HOLDFAST_TEST_DATABASE_URL'] = server.connectionString;
  const schema = await freshSchema();
  const journal = createJournal(schema.database);
  const tenant = await createTenant(createStores(schema.database));
  console.log('runs  commits/s  latency ms  Node CPU ms/unit  PostgreSQL CPU ms/unit');
  for (const runs of RUNS) await measure({ schema, journal, tenant }, runs);
  await journal[Symbol.asyncDispose]();
  await schema.drop();
  await server.stop();
}

interface Bench {
  readonly schema: TestSchema;
  readonly journal: Journal;
  readonly tenant: Tenant;
}

async function measure({ schema, journal, tenant }: Bench, runs: number): Promise<void> {
  const refs = await Promise.all(Array.from({ length: runs }, () => tenant.seedRun()));
  const steps = Math.min(MAX_STEPS, Math.ceil(UNITS / runs));
  await Promise.all(refs.map((ref) => commitAll(journal, ref, [1, WARM_UP_STEPS])));
  const backendsBefore = await backendCpuMs(schema);
  const before = process.cpuUsage();
  const started = performance.now();
  const range = [WARM_UP_STEPS + 1, WARM_UP_STEPS + steps] as const;
  await Promise.all(refs.map((ref) => commitAll(journal, ref, range)));
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  const backendMs = (await backendCpuMs(schema)) - backendsBefore;
  const units = runs * steps;
  const cells = [
    String(runs).padStart(4),
    ((units / ms) * 1_000).toFixed(0).padStart(10),
    (ms / steps).toFixed(2).padStart(11),
    ((user + system) / 1_000 / units).toFixed(3).padStart(17),
    (backendMs / units).toFixed(3).padStart(23),
  ];
  console.log(cells.join(' '));
}

async function commitAll(
  journal: Journal,
  ref: RunRef,
  [from, to]: readonly [number, number],
): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    const { kind } = await journal.commit(doneUnit(ref, call(n)));
    if (kind !== 'committed') throw new Error(`a step was not committed: ${kind}`);
  }
}

/** CPU time of the pool's backends; 0 where the server is on another machine. */
async function backendCpuMs({ database }: TestSchema): Promise<number> {
  const { rows } = await database.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name like 'holdfast%'
     and datname = current_database()`,
  );
  return rows.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
}

function cpuMsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

await main();
