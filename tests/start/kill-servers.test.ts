import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, stopOrphanPostgres } from '../../start/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../../start/embedded-postgres.ts';
import { startTemporalServer } from '../../start/temporal-server.ts';
import type { TemporalServer } from '../../start/temporal-server.ts';
import { connectClient } from '../../temporal/connection.ts';
import { stopOrphanDevServer } from '../../temporal/server/dev-server.ts';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attributes.ts';
import { startProcess } from '../harness/processes.ts';

const NAMESPACE = 'kept';
const START_MS = 60_000;
const binary = process.env['HOLDFAST_TEST_TEMPORAL_BINARY'] ?? 'temporal';

let folder: string;
let lines: string[];
const log = (line: string): void => void lines.push(line);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
  // The database's user, who is not us when we are root, must be able to pass.
  await chmod(folder, 0o755);
});

afterAll(async () => {
  await stopOrphanPostgres(join(folder, 'postgres'));
  await stopOrphanDevServer(join(folder, 'temporal'));
  await rm(folder, { recursive: true, force: true });
});

function beginPostgres(): Promise<EmbeddedPostgres> {
  lines = [];
  return startPostgres({ dataDir: join(folder, 'postgres'), port: 55_400, log });
}

function beginTemporal(): Promise<TemporalServer> {
  lines = [];
  return startTemporalServer({
    binary,
    stateDir: join(folder, 'temporal'),
    namespace: NAMESPACE,
    log,
  });
}

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server in a process of its own, whose kill leaves the server behind. */
async function abandon(what: 'postgres' | 'temporal'): Promise<void> {
  const { process: owner } = await startProcess({
    file: 'tests/start/server-owner-main.ts',
    args: [what, join(folder, what), binary, NAMESPACE],
    env: {},
    ready: (line) => (line.includes('owned server is ready') ? true : null),
  });
  await owner.kill();
}

test(
  'PostgreSQL keeps its data, port and password over a kill -9 of itself',
  async () => {
    const first = await beginPostgres();
    await query(first.url, 'create table t (n int); insert into t values (42)');
    process.kill(first.process().pid, 'SIGKILL');
    await first.process().exited;
    await first.restart();
    expect(await query(first.url, 'select n from t')).toEqual([{ n: 42 }]);
    await first.stop();
    const second = await beginPostgres();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from t')).toEqual([{ n: 42 }]);
    await second.stop();
  },
  START_MS,
);

test(
  'a PostgreSQL whose owner was killed is stopped, and the data is there',
  async () => {
    await abandon('postgres');
    const postgres = await beginPostgres();
    expect(lines).toContain('PostgreSQL: stopped a server left by an earlier start');
    expect(await query(postgres.url, 'select n from t')).toEqual([{ n: 42 }]);
    await postgres.stop();
  },
  START_MS,
);

test(
  'a second start on the same folder is refused and names the first',
  async () => {
    const postgres = await beginPostgres();
    await expect(beginPostgres()).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  },
  START_MS,
);

test(
  'PostgreSQL asks for a password, and promises durability',
  async () => {
    const postgres = await beginPostgres();
    const stranger = postgres.url.replace(/:[0-9a-f]+@/, ':wrong@');
    await expect(query(stranger, 'select 1')).rejects.toThrow('password authentication failed');
    const settings = `select string_agg(setting, ',' order by name) as all from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses')`;
    expect(await query(postgres.url, settings)).toEqual([{ all: 'on,on,127.0.0.1,on' }]);
    await postgres.stop();
  },
  START_MS,
);

test(
  'Temporal keeps its runs and its address over kills of itself and of its owner',
  async () => {
    const first = await beginTemporal();
    await startWorkflow(first.address);
    process.kill(first.process().pid, 'SIGKILL');
    await first.process().exited;
    await first.restart();
    expect(await workflowStatus(first.address)).toBe('RUNNING');
    await first.stop();
    await abandon('temporal');
    const second = await beginTemporal();
    expect(lines).toContain('Temporal: stopped a server left by an earlier start');
    expect(second.address).toBe(first.address);
    expect(await workflowStatus(second.address)).toBe('RUNNING');
    await second.stop();
  },
  START_MS,
);

async function startWorkflow(address: string): Promise<void> {
  await using temporal = await connectClient({ address, namespace: NAMESPACE });
  await temporal.client.workflow.start('nobody-polls', {
    workflowId: 'kept-run',
    taskQueue: 'none',
    typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.workspace, value: 'ws_1' }],
  });
}

async function workflowStatus(address: string): Promise<string> {
  await using temporal = await connectClient({ address, namespace: NAMESPACE });
  const { status } = await temporal.client.workflow.getHandle('kept-run').describe();
  return status.name;
}
