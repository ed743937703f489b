import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call, doneStep, doneUnit, endUnit } from './journal-fixtures.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { newId } from '../../contracts/ids.ts';

let schema: TestSchema;
let journal: ReturnType<typeof createJournal>;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  journal = createJournal(schema.database);
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await schema.drop();
});

const twenty = Array.from({ length: 20 }, (_, index) => index);

describe('accepting a run', () => {
  test('writes the run and its first event together', async () => {
    const { kind, run } = await tenant.createRun();
    expect(kind).toBe('created');
    expect(run).toMatchObject({
      status: 'queued',
      agentName: 'tester',
      version: '1',
      input: { q: 1 },
      lastEventSeq: 1,
      threadId: null,
    });
    const events = await stores.runs.events(tenant.workspaceId, run.id, { afterSeq: 0, limit: 9 });
    expect(events).toMatchObject([{ seq: 1, type: 'run.created' }]);
  });

  test('gives 20 equal requests at once one run', async () => {
    const idempotency = { key: 'k1', requestHash: 'h1' };
    const created = await Promise.all(twenty.map(() => tenant.createRun({ idempotency })));
    expect(new Set(created.map(({ run }) => run.id)).size).toBe(1);
    expect(created.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  });

  test('refuses a key that was used for another request, per workspace', async () => {
    const key = 'k2';
    await tenant.createRun({ idempotency: { key, requestHash: 'a' } });
    await expect(
      tenant.createRun({ idempotency: { key, requestHash: 'b' } }),
    ).rejects.toMatchObject({ code: 'idempotency.key_reused' });
    const other = await createTenant(stores);
    const { kind } = await other.createRun({ idempotency: { key, requestHash: 'b' } });
    expect(kind).toBe('created');
  });

  test('leaves a key free when the run is refused', async () => {
    const idempotency = { key: 'k3', requestHash: 'h' };
    const versionId = newId('agentVersion');
    await expect(tenant.createRun({ idempotency, versionId })).rejects.toMatchObject({
      code: 'agent.version_not_found',
    });
    expect((await tenant.createRun({ idempotency })).kind).toBe('created');
  });

  test('lets one of 20 runs into a thread, and the next when it has ended', async () => {
    const { workspaceId, version } = tenant;
    const { agentId, id: versionId } = version;
    const thread = await stores.threads.create(workspaceId, { agentId, versionId, title: 't' });
    const into = { kind: 'existing', threadId: thread.id } as const;
    const tries = await Promise.allSettled(twenty.map(() => tenant.createRun({ thread: into })));
    const won = tries.flatMap((attempt) =>
      attempt.status === 'fulfilled' ? [attempt.value.run.id] : [],
    );
    expect(won).toHaveLength(1);
    for (const attempt of tries) {
      if (attempt.status === 'rejected')
        expect(attempt.reason).toMatchObject({ code: 'thread.busy' });
    }
    expect(await stores.threads.busyRun(workspaceId, thread.id)).toBe(won[0]);
    await journal.commit(endUnit({ workspaceId, runId: won[0] ?? '' }));
    expect(await stores.threads.busyRun(workspaceId, thread.id)).toBeNull();
    expect((await tenant.createRun({ thread: into })).kind).toBe('created');
  });

  test('counts the message that comes with it as input and not as past', async () => {
    const { workspaceId } = tenant;
    const threadId = newId('thread');
    const first = await tenant.createRun({
      thread: { kind: 'new', threadId, title: 'talk' },
      userMessage: { role: 'user', content: 'one' },
    });
    const ref = { workspaceId, runId: first.run.id };
    expect((await journal.loadRun(ref)).threadPosition).toBe(0);
    const messages = [{ role: 'assistant', content: 'two' } as const];
    await journal.commit(
      endUnit(ref, { end: { end: { status: 'succeeded' }, output: null, messages } }),
    );
    const second = await tenant.createRun({
      thread: { kind: 'existing', threadId },
      userMessage: { role: 'user', content: 'three' },
    });
    const facts = await journal.loadRun({ workspaceId, runId: second.run.id });
    expect(facts.threadPosition).toBe(2);
    const past = await journal.loadMessages(workspaceId, threadId, facts.threadPosition);
    expect(past.map(({ content }) => content)).toEqual(['one', 'two']);
    const { items } = await stores.threads.messages(workspaceId, threadId, { limit: 10 });
    expect(items.map(({ position, runId }) => [position, runId])).toEqual([
      [1, first.run.id],
      [2, first.run.id],
      [3, second.run.id],
    ]);
  });

  test('keeps a thread on its version', async () => {
    const { workspaceId, version } = tenant;
    const threadId = newId('thread');
    const created = await tenant.createRun({ thread: { kind: 'new', threadId, title: '' } });
    await journal.commit(endUnit({ workspaceId, runId: created.run.id }));
    const next = await stores.agents.createVersion(workspaceId, { ...version, version: '2.0.0' });
    await expect(
      tenant.createRun({ versionId: next.id, thread: { kind: 'existing', threadId } }),
    ).rejects.toMatchObject({ code: 'thread.locked' });
  });
});

describe('lists', () => {
  test('page through all runs, newest first, and narrow them', async () => {
    const own = await createTenant(stores);
    const made: string[] = [];
    for (const _ of Array.from({ length: 7 })) made.push((await own.createRun()).run.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = { limit: 3, ...(cursor === null ? {} : { cursor }) };
      const found = await stores.runs.list(own.workspaceId, {}, page);
      seen.push(...found.items.map(({ id }) => id));
      cursor = found.nextCursor;
    } while (cursor !== null);
    expect([...seen].sort()).toEqual([...made].sort());
    expect(seen).toEqual([...seen].sort().reverse());

    const [id = ''] = made;
    await journal.commit(endUnit({ workspaceId: own.workspaceId, runId: id }));
    const filter = { status: 'succeeded', agentId: own.version.agentId } as const;
    const ended = await stores.runs.list(own.workspaceId, filter, { limit: 10 });
    expect(ended.items.map((run) => run.id)).toEqual([id]);
    const future = { createdAfter: '2999-01-01T00:00:00Z' };
    expect((await stores.runs.list(own.workspaceId, future, { limit: 10 })).items).toEqual([]);
  });

  test.each(['', 'x', 'bm90', Buffer.from('[1]').toString('base64url')])(
    'refuse the cursor %j',
    async (cursor) => {
      await expect(
        stores.runs.list(tenant.workspaceId, {}, { limit: 1, cursor }),
      ).rejects.toMatchObject({ code: 'list.bad_cursor' });
    },
  );

  test('show steps in key order and checkpoints in the order of their events', async () => {
    const ref = await tenant.seedRun();
    const { workspaceId, runId } = ref;
    for (const n of [2, 1, 3]) await journal.commit(doneUnit(ref, call(n)));
    const first = await stores.runs.steps(workspaceId, runId, { limit: 2 });
    expect(first.items.map(({ stepId }) => stepId)).toEqual(['set:1', 'set:2']);
    const rest = { limit: 2, cursor: first.nextCursor ?? '' };
    const second = await stores.runs.steps(workspaceId, runId, rest);
    expect(second.items.map(({ stepId }) => stepId)).toEqual(['set:3']);

    const { items } = await stores.runs.checkpoints(workspaceId, runId, { limit: 10 });
    expect(items.map(({ seq, stepId }) => [seq, stepId])).toEqual([
      [2, 'set:2'],
      [3, 'set:1'],
      [4, 'set:3'],
    ]);
    const found = await stores.runs.checkpoint(workspaceId, runId, 3);
    expect(found?.checkpoint.stepId).toBe('set:1');
    expect(found?.steps.map(({ key }) => key)).toEqual(['00001', '00002']);
    expect(await stores.runs.checkpoint(workspaceId, runId, 1)).toBeNull();
  });

  test('number the checkpoint of a last step by its own event, not by the end of the run', async () => {
    const ref = await tenant.seedRun();
    await journal.commit({
      ...doneUnit(ref, call(1)),
      events: [
        { type: 'step.completed', stepId: 'set:1', data: {} },
        { type: 'run.succeeded', data: {} },
      ],
      end: { end: { status: 'succeeded' }, output: null, messages: [] },
    });
    const page = await stores.runs.checkpoints(ref.workspaceId, ref.runId, { limit: 10 });
    expect(page.items.map(({ seq }) => seq)).toEqual([2]);
  });
});

describe('control', () => {
  test('a cancellation is noted once, and not after the end', async () => {
    const ref = await tenant.seedRun();
    const { workspaceId, runId } = ref;
    const asked = await Promise.all(
      twenty.map(() => stores.runs.requestCancel(workspaceId, runId)),
    );
    expect(asked.filter(({ requested }) => requested)).toHaveLength(1);
    expect(asked[0]?.run.cancelRequested).toBe(true);
    const events = await stores.runs.events(workspaceId, runId, { afterSeq: 1, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['run.cancel_requested']);
    expect((await journal.loadRun(ref)).cancelRequested).toBe(true);

    const ended = await tenant.seedRun();
    await journal.commit(endUnit(ended));
    const late = await stores.runs.requestCancel(ended.workspaceId, ended.runId);
    expect(late.requested).toBe(false);
  });

  test('sweepers share lost runs between them and leave started ones alone', async () => {
    const own = await createTenant(stores);
    const made = await Promise.all(twenty.map(() => own.createRun()));
    const [started, tried] = made.map(({ run }) => ({
      workspaceId: own.workspaceId,
      runId: run.id,
    }));
    if (started === undefined || tried === undefined) throw new Error('no runs');
    await journal.commit({ ...started, epoch: 0, start: true, events: [] });
    await schema.database.pool.query(
      `update runs set created_at = now() - interval '1 hour' where workspace_id = $1`,
      [own.workspaceId],
    );
    await stores.runs.markStartAttempt(tried.workspaceId, tried.runId);
    const claims = await Promise.all([1, 2, 3, 4].map(() => stores.runs.unstarted(60_000, 10)));
    const ids = claims.flat().map(({ runId }) => runId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(18);
    expect(ids).not.toContain(started.runId);
    expect(ids).not.toContain(tried.runId);
    expect(await stores.runs.unstarted(60_000, 10)).toEqual([]);
  });

  test('usage and the step in the current epoch are shown', async () => {
    const ref = await tenant.seedRun();
    const usage = { modelCalls: 1, toolCalls: 0, inputTokens: 5, outputTokens: 6 };
    await journal.commit(doneUnit(ref, call(1), { step: doneStep(call(1), { usage }) }));
    const { workspaceId, runId } = ref;
    expect((await stores.runs.get(workspaceId, runId)).usage).toEqual(usage);
    expect(await stores.runs.step(workspaceId, runId, 'set:1')).toMatchObject({ usage, seq: 2 });
    expect(await stores.runs.step(workspaceId, runId, 'set:9')).toBeNull();
  });
});
