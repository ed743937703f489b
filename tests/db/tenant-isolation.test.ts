import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approval, call, doneUnit, reservation, taskDraft, waitUnit } from './journal-fixtures.ts';
import { createStores, createTenant, GRAPH, PLAN, SPEC, type Stores } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tenant } from './fixtures.ts';

let schema: TestSchema;
let journal: ReturnType<typeof createJournal>;
let stores: Stores;
/** The rows that the stranger asks for. */
let owner: Tenant;
let stranger: Tenant;
let runId: string;
let threadId: string;
const task = taskDraft();

beforeAll(async () => {
  schema = await freshSchema();
  journal = createJournal(schema.database);
  stores = createStores(schema.database);
  owner = await createTenant(stores);
  stranger = await createTenant(stores);
  threadId = newId('thread');
  const { run } = await owner.createRun({ thread: { kind: 'new', threadId, title: '' } });
  runId = run.id;
  await journal.commit(doneUnit({ workspaceId: owner.workspaceId, runId }, call(1)));
  await journal.commit(waitUnit({ workspaceId: owner.workspaceId, runId }, call(2), { task }));
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await schema.drop();
});

const LIMIT = { limit: 10 };

/** What a stranger asks with ids that are not his, and the code that he is told. */
const REFUSED: readonly [string, string, (ws: string) => Promise<unknown>][] = [
  ['agents.get', 'agent.not_found', (ws) => stores.agents.get(ws, owner.version.agentId)],
  [
    'agents.update',
    'agent.not_found',
    (ws) => stores.agents.update(ws, owner.version.agentId, { description: 'mine' }),
  ],
  [
    'agents.createVersion',
    'agent.not_found',
    (ws) =>
      stores.agents.createVersion(ws, {
        agentId: owner.version.agentId,
        spec: SPEC,
        plan: PLAN,
        graph: GRAPH,
        changelog: '',
      }),
  ],
  [
    'agents.getVersion',
    'agent.not_found',
    (ws) => stores.agents.getVersion(ws, owner.version.agentId, '1'),
  ],
  [
    'agents.getVersionById',
    'agent.version_not_found',
    (ws) => stores.agents.getVersionById(ws, owner.version.id),
  ],
  [
    'agents.listVersions',
    'agent.not_found',
    (ws) => stores.agents.listVersions(ws, owner.version.agentId, LIMIT),
  ],
  [
    'agents.setLabel with a foreign version',
    'agent.version_not_found',
    (ws) =>
      stores.agents.setLabel(ws, {
        agentId: stranger.version.agentId,
        label: 'l',
        versionId: owner.version.id,
      }),
  ],
  [
    'agents.deleteLabel',
    'agent.not_found',
    (ws) => stores.agents.deleteLabel(ws, { agentId: owner.version.agentId, label: 'l' }),
  ],
  [
    'agents.listLabelChanges',
    'agent.not_found',
    (ws) => stores.agents.listLabelChanges(ws, owner.version.agentId, LIMIT),
  ],
  ['threads.get', 'thread.not_found', (ws) => stores.threads.get(ws, threadId)],
  ['threads.messages', 'thread.not_found', (ws) => stores.threads.messages(ws, threadId, LIMIT)],
  ['threads.append', 'thread.not_found', (ws) => stores.threads.append(ws, threadId, [])],
  [
    'threads.create with a foreign version',
    'agent.version_not_found',
    (ws) =>
      stores.threads.create(ws, {
        agentId: owner.version.agentId,
        versionId: owner.version.id,
        title: '',
      }),
  ],
  ['runs.get', 'run.not_found', (ws) => stores.runs.get(ws, runId)],
  ['runs.steps', 'run.not_found', (ws) => stores.runs.steps(ws, runId, LIMIT)],
  ['runs.step', 'run.not_found', (ws) => stores.runs.step(ws, runId, 'set:1')],
  ['runs.checkpoints', 'run.not_found', (ws) => stores.runs.checkpoints(ws, runId, LIMIT)],
  ['runs.checkpoint', 'run.not_found', (ws) => stores.runs.checkpoint(ws, runId, 2)],
  ['runs.requestCancel', 'run.not_found', (ws) => stores.runs.requestCancel(ws, runId)],
  [
    'runs.create with a foreign version',
    'agent.version_not_found',
    () => stranger.createRun({ agentId: owner.version.agentId, versionId: owner.version.id }),
  ],
  [
    'runs.create in a foreign thread',
    'thread.not_found',
    () => stranger.createRun({ thread: { kind: 'existing', threadId } }),
  ],
  ['humanTasks.get', 'human_task.not_found', (ws) => stores.humanTasks.get(ws, task.id)],
  ['journal.loadRun', 'run.not_found', (ws) => journal.loadRun({ workspaceId: ws, runId })],
  [
    'journal.commit',
    'run.not_found',
    (ws) => journal.commit(doneUnit({ workspaceId: ws, runId }, call(3))),
  ],
  [
    'journal.reserve',
    'run.not_found',
    (ws) => journal.reserve(reservation({ workspaceId: ws, runId }, call(3))),
  ],
  [
    'journal.settle',
    'human_task.not_found',
    (ws) => journal.settle({ workspaceId: ws, runId }, task.id, approval()),
  ],
  [
    'journal.settle by a run of his own',
    'human_task.not_found',
    async () => journal.settle(await stranger.seedRun(), task.id, approval()),
  ],
];

/** What a stranger may ask, and finds empty. */
const EMPTY: readonly [string, (ws: string) => Promise<unknown>, unknown][] = [
  ['runs.events', (ws) => stores.runs.events(ws, runId, { afterSeq: 0, limit: 9 }), []],
  [
    'runs.stream',
    (ws) => stores.runs.stream(ws, runId, { after: { seq: 0, sub: 0 }, limit: 9 }),
    [],
  ],
  [
    'runs.tokens',
    (ws) => stores.runs.tokens(ws, runId, { after: { seq: 0, sub: 0 }, limit: 9 }),
    [],
  ],
  ['runs.list', (ws) => stores.runs.list(ws, { threadId }, LIMIT), { items: [], nextCursor: null }],
  [
    'humanTasks.list',
    (ws) => stores.humanTasks.list(ws, {}, LIMIT),
    { items: [], nextCursor: null },
  ],
  ['threads.busyRun', (ws) => stores.threads.busyRun(ws, threadId), null],
  ['apiKeys.revoke', (ws) => stores.apiKeys.revoke(ws, owner.principal.apiKeyId), false],
  ['journal.loadSteps', (ws) => journal.loadSteps({ workspaceId: ws, runId }, 0), []],
  ['journal.loadStep', (ws) => journal.loadStep({ workspaceId: ws, runId }, 0, 'set:1'), null],
  ['journal.loadMessages', (ws) => journal.loadMessages(ws, threadId, 99), []],
  [
    'journal.loadDeltas',
    (ws) => journal.loadDeltas({ workspaceId: ws, runId }, 0, [{ after: '', upTo: '~' }]),
    { snapshot: null, steps: [] },
  ],
];

describe('ids of another workspace', () => {
  test.each(REFUSED)('%s answers %s', async (_name, code, ask) => {
    await expect(ask(stranger.workspaceId)).rejects.toMatchObject({ code });
  });

  test.each(EMPTY)('%s finds nothing', async (_name, ask, nothing) => {
    expect(await ask(stranger.workspaceId)).toEqual(nothing);
  });

  test('change nothing for their owner', async () => {
    const { workspaceId } = owner;
    expect(await stores.runs.get(workspaceId, runId)).toMatchObject({
      status: 'waiting',
      cancelRequested: false,
      lastEventSeq: 3,
    });
    expect((await stores.agents.get(workspaceId, owner.version.agentId)).description).toBe('');
    expect((await stores.humanTasks.get(workspaceId, task.id)).status).toBe('open');
  });
});

describe('an inbox', () => {
  test('is narrowed by status, run, assignee, kind and agent', async () => {
    const { workspaceId } = owner;
    const ids = async (filter: object) =>
      (await stores.humanTasks.list(workspaceId, filter, LIMIT)).items.map(({ id }) => id);
    const { agentId } = owner.version;
    for (const filter of [
      {},
      { status: 'open', runId, assignee: 'ann', kind: 'review', agentId },
      { assignee: 'ann' },
      { agentId },
    ]) {
      expect(await ids(filter)).toEqual([task.id]);
    }
    for (const filter of [
      { status: 'decided' },
      { assignee: 'bob' },
      { kind: 'question' },
      { runId: newId('run') },
      { agentId: newId('agent') },
    ]) {
      expect(await ids(filter)).toEqual([]);
    }
  });
});

describe('an API key', () => {
  test('is found by its text until it is revoked', async () => {
    const { workspaceId } = owner;
    const made = await stores.apiKeys.create(workspaceId, { name: 'ci', role: 'author' });
    const { key, record } = made;
    expect(key).toMatch(/^hf_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(record.prefix)).toBe(true);
    const principal = { apiKeyId: record.id, workspaceId, role: 'author' };
    expect(await stores.apiKeys.find(key)).toEqual(principal);
    const flipped = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    for (const wrong of [
      flipped,
      '',
      'hf_',
      `${key}x`,
      key.replace('hf_', 'HF_'),
      `hf_${'0'.repeat(32)}_${'A'.repeat(43)}`,
    ]) {
      expect(await stores.apiKeys.find(wrong)).toBeNull();
    }
    expect(await stores.apiKeys.revoke(workspaceId, record.id)).toBe(true);
    expect(await stores.apiKeys.revoke(workspaceId, record.id)).toBe(false);
    expect(await stores.apiKeys.find(key)).toBeNull();
    const listed = await stores.apiKeys.list(workspaceId);
    expect(listed.find(({ id }) => id === record.id)?.revokedAt).not.toBeNull();
    expect(JSON.stringify(listed)).not.toContain(key.slice(-43));
  });
});

describe('a workspace', () => {
  test('is made once under a given id and unknown otherwise', async () => {
    const id = newId('workspace');
    const made = await stores.workspaces.create({ id, name: 'one' });
    expect(await stores.workspaces.create({ id, name: 'two' })).toEqual(made);
    expect((await stores.workspaces.list()).map((workspace) => workspace.id)).toContain(id);
    await expect(stores.workspaces.get('ws_none')).rejects.toMatchObject({
      code: 'workspace.not_found',
    });
  });
});
