import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandRecord, RequestRecord } from '../../contracts/sandbox-audit.ts';
import { createSandboxStore, type SandboxStore } from '../../db/stores/sandbox-store.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { isBlobRef } from '../../contracts/blob.ts';
import { newId } from '../../contracts/ids.ts';
import type { RunRef } from '../../contracts/journal.ts';

let schema: TestSchema;
let sandboxes: SandboxStore;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  sandboxes = createSandboxStore(schema.database);
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(() => schema.drop());

const PAGE = { limit: 200 };
const PYTHON = { image: 'python', level: 'docker' } as const;

let ids = 0;

function claim(more: object = {}) {
  ids += 1;
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  return {
    id: `sb_${ids}`,
    image: 'python',
    level: 'docker',
    host: 'h',
    expiresAt,
    ...more,
  } as const;
}

function command(commandId: string, more: Partial<CommandRecord> = {}): CommandRecord {
  return {
    commandId,
    sandboxId: 'sb_1',
    stepId: 'call:1',
    actor: 'ann',
    command: { argv: ['echo', 'ä\0b'] },
    cwd: '/workspace',
    startedAt: '2026-01-02T03:04:05.678Z',
    endedAt: '2026-01-02T04:04:06+01:00',
    end: 'exit',
    exitCode: 0,
    signal: null,
    cpuMs: 1.7,
    maxMemoryBytes: 5_000_000_000,
    stdoutBytes: 3,
    stderrBytes: 0,
    truncated: false,
    ...more,
  };
}

function request(host: string): RequestRecord {
  const at = '2026-01-02T03:04:05.678Z';
  const bytes = { bytesOut: 1, bytesIn: 2 };
  return {
    sandboxId: 'sb_1',
    stepId: null,
    at,
    host,
    port: 443,
    allowed: true,
    reason: '',
    ...bytes,
  };
}

describe('a run', () => {
  test('has one living sandbox of an image and level, whoever asks at once', async () => {
    const ref = await tenant.seedRun();
    const claims = Array.from({ length: 20 }, () => sandboxes.claim(ref, claim()));
    const answers = await Promise.all(claims);
    expect(answers.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    const living = new Set(answers.map(({ sandbox }) => sandbox.id));
    expect(living.size).toBe(1);
    const [id = ''] = living;
    expect(await sandboxes.find(ref, PYTHON)).toMatchObject({
      id,
      state: 'starting',
      died: null,
    });
    expect(await sandboxes.find(ref, { ...PYTHON, image: 'node' })).toBeNull();
    expect((await sandboxes.claim(ref, claim({ image: 'node' }))).kind).toBe('created');
    const strong = await sandboxes.claim(ref, claim({ level: 'gvisor' }));
    expect(strong.kind).toBe('created');
    expect(await sandboxes.find(ref, PYTHON)).toMatchObject({ id });
  });

  test('gets another one once the first has died, whose reason stays', async () => {
    const ref = await tenant.seedRun();
    const { workspaceId } = ref;
    const { sandbox } = await sandboxes.claim(ref, claim());
    const { id } = sandbox;
    expect(await sandboxes.use(workspaceId, { id, state: 'running', revision: 3 })).toBe(true);
    expect(await sandboxes.get(workspaceId, id)).toMatchObject({ state: 'running', revision: 3 });
    expect(await sandboxes.markDead(workspaceId, { id, reason: 'oom' })).toBe(true);
    expect(await sandboxes.markDead(workspaceId, { id, reason: 'ttl' })).toBe(false);
    expect(await sandboxes.use(workspaceId, { id, state: 'running' })).toBe(false);
    expect(await sandboxes.get(workspaceId, id)).toMatchObject({ state: 'dead', died: 'oom' });
    expect(await sandboxes.find(ref, PYTHON)).toBeNull();
    expect((await sandboxes.claim(ref, claim())).kind).toBe('created');
    const listed = await sandboxes.list(ref);
    expect(listed.map(({ state }) => state)).toEqual(['dead', 'starting']);
  });

  test('of another workspace has none and is given none', async () => {
    const ref = await tenant.seedRun();
    const { sandbox } = await sandboxes.claim(ref, claim());
    const { workspaceId } = await createTenant(stores);
    const there = { ...ref, workspaceId };
    const { id } = sandbox;
    const noRun = { code: 'run.not_found' };
    await expect(sandboxes.claim(there, claim())).rejects.toMatchObject(noRun);
    await expect(sandboxes.recordCommands(there, [command('c')])).rejects.toMatchObject(noRun);
    await expect(sandboxes.recordRequests(there, [request('a')])).rejects.toMatchObject(noRun);
    await expect(sandboxes.commands(there, PAGE)).rejects.toMatchObject(noRun);
    await expect(sandboxes.requests(there, PAGE)).rejects.toMatchObject(noRun);
    await expect(sandboxes.verifyChain(there)).rejects.toMatchObject(noRun);
    await expect(sandboxes.get(workspaceId, id)).rejects.toMatchObject({
      code: 'sandbox.not_found',
    });
    expect([await sandboxes.find(there, PYTHON), await sandboxes.list(there)]).toEqual([null, []]);
    expect(await sandboxes.use(workspaceId, { id })).toBe(false);
    expect(await sandboxes.markDead(workspaceId, { id, reason: 'killed' })).toBe(false);
  });
});

test('sandboxes that should be dead are found in all workspaces', async () => {
  const past = new Date(Date.now() - 60_000).toISOString();
  const refs = [await tenant.seedRun(), await (await createTenant(stores)).seedRun()];
  const made = [];
  for (const ref of refs) made.push(await sandboxes.claim(ref, claim({ expiresAt: past })));
  await sandboxes.claim(await tenant.seedRun(), claim());
  const overdue = await sandboxes.overdue(10);
  const found = overdue.map(({ id }) => id).sort();
  expect(found).toEqual(made.map(({ sandbox }) => sandbox.id).sort());
  const [first] = made;
  const id = first?.sandbox.id ?? '';
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  await sandboxes.use(tenant.workspaceId, { id, expiresAt });
  expect(await sandboxes.overdue(10)).toHaveLength(1);
});

describe('the audit', () => {
  test('keeps each command once, in order, as the database can hold it', async () => {
    const ref = await tenant.seedRun();
    await sandboxes.recordCommands(ref, [command('a'), command('b'), command('a')]);
    await sandboxes.recordCommands(ref, [
      command('b'),
      command('c', { end: 'lost', level: 'gvisor' }),
    ]);
    const first = await sandboxes.commands(ref, { limit: 2 });
    expect(first.items).toMatchObject([
      { seq: 1, commandId: 'a', command: { argv: ['echo', 'ä\uFFFDb'] }, cpuMs: 2 },
      { seq: 2, commandId: 'b', endedAt: '2026-01-02T03:04:06.000Z' },
    ]);
    const rest = await sandboxes.commands(ref, { limit: 2, cursor: first.nextCursor ?? '' });
    expect(rest).toMatchObject({
      items: [{ seq: 3, commandId: 'c', level: 'gvisor' }],
      nextCursor: null,
    });
    expect(await sandboxes.verifyChain(ref)).toEqual({
      valid: true,
      commands: { length: 3, brokenAt: null },
      requests: { length: 0, brokenAt: null },
      denials: { length: 0, brokenAt: null },
    });
  });

  test('keeps each refused call once, and shows one that was changed', async () => {
    const ref = await tenant.seedRun();
    const call = (id: string) => ({
      ...{ sandboxId: 'sb_1', stepId: null, id, at: '2026-01-02T03:04:05.000Z' },
      ...{ call: 'mount', program: 's\u0000h', pid: 7 },
    });
    await sandboxes.recordDenials(ref, [call('1'), call('2'), call('1')]);
    await sandboxes.recordDenials(ref, [call('2'), { ...call('2'), sandboxId: 'sb_2' }]);
    const { items } = await sandboxes.denials(ref, PAGE);
    expect(items).toMatchObject([
      { seq: 1, id: '1', program: 's\uFFFDh' },
      { seq: 2, id: '2', sandboxId: 'sb_1' },
      { seq: 3, id: '2', sandboxId: 'sb_2' },
    ]);
    expect((await sandboxes.verifyChain(ref)).denials).toEqual({ length: 3, brokenAt: null });
    const { pool } = schema.database;
    await pool.query("update sandbox_denials set call = 'x' where seq = 2 and run_id = $1", [
      ref.runId,
    ]);
    const { valid, denials } = await sandboxes.verifyChain(ref);
    expect([valid, denials.brokenAt]).toEqual([false, 2]);
  });

  test('keeps large code by reference', async () => {
    const ref = await tenant.seedRun();
    const code = { language: 'python', code: 'x = 1\n'.repeat(10_000) };
    await sandboxes.recordCommands(ref, [command('a', { command: code })]);
    const [entry] = (await sandboxes.commands(ref, PAGE)).items;
    expect(isBlobRef(entry?.command)).toBe(true);
    await using journal = createJournal(schema.database);
    expect(await journal.getValue(ref.workspaceId, entry?.command ?? null)).toEqual(code);
    expect((await sandboxes.verifyChain(ref)).valid).toBe(true);
  });

  test('stays one chain when many write at once', async () => {
    const ref = await tenant.seedRun();
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      const batch = Array.from({ length: 150 }, (_entry, index) => request(`${writer}-${index}`));
      await sandboxes.recordRequests(ref, batch);
      await sandboxes.recordCommands(ref, [command(`c${writer}`)]);
    });
    await Promise.all(writers);
    await sandboxes.recordRequests(ref, []);
    expect(await sandboxes.verifyChain(ref)).toEqual({
      valid: true,
      commands: { length: 20, brokenAt: null },
      requests: { length: 3_000, brokenAt: null },
      denials: { length: 0, brokenAt: null },
    });
    const { items } = await sandboxes.requests(ref, PAGE);
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test.each([
    ['a changed entry', 3, "update sandbox_requests set host = 'evil' where seq = 3"],
    ['a changed verdict', 2, 'update sandbox_requests set allowed = false where seq = 2'],
    ['a removed entry', 3, 'delete from sandbox_requests where seq = 3'],
    ['removed entries at the end', 4, 'delete from sandbox_requests where seq > 3'],
    ['entries all removed', 1, 'delete from sandbox_requests'],
    [
      'an added entry',
      6,
      `insert into sandbox_requests select workspace_id, run_id, 6, hash, sandbox_id, step_id, at,
        host, port, allowed, reason, bytes_out, bytes_in from sandbox_requests where seq = 5`,
    ],
    ['entries in another order', 1, 'update sandbox_requests set seq = 11 - seq'],
    ['another end', 5, "update sandbox_audits set hash = 'x' where chain = 'requests'"],
  ])('shows %s, at entry %d', async (_what, brokenAt, statement) => {
    const own = await createTenant(stores);
    const ref: RunRef = await own.seedRun();
    await sandboxes.recordRequests(ref, ['a', 'b', 'c', 'd', 'e'].map(request));
    expect((await sandboxes.verifyChain(ref)).valid).toBe(true);
    const inRun = statement.includes('where') ? ' and' : ' where';
    const { pool } = schema.database;
    await pool.query(`${statement}${inRun} run_id = $1`, [ref.runId]);
    const { valid, requests, commands } = await sandboxes.verifyChain(ref);
    expect([valid, requests.brokenAt, commands.brokenAt]).toEqual([false, brokenAt, null]);
  });

  test('of an unknown run is none', async () => {
    const ref = { workspaceId: tenant.workspaceId, runId: newId('run') };
    const refusal = { code: 'run.not_found' };
    await expect(sandboxes.verifyChain(ref)).rejects.toMatchObject(refusal);
    await expect(sandboxes.recordRequests(ref, [request('a')])).rejects.toMatchObject(refusal);
  });
});
