import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createStores, createTenant, GRAPH, PLAN, SPEC, type Stores } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import type { Agent } from '../../contracts/records.ts';
import { LIMITS } from '../../contracts/limits.ts';

let schema: TestSchema;
let stores: Stores;
let workspaceId: string;
let count = 0;

beforeAll(async () => {
  schema = await freshSchema();
  stores = createStores(schema.database);
  ({ workspaceId } = await createTenant(stores));
});

afterAll(() => schema.drop());

async function createAgent(): Promise<Agent> {
  count += 1;
  return stores.agents.create(workspaceId, { name: `agent-${count}`, description: 'd' });
}

function draft(agentId: string, version?: string) {
  const content = { spec: SPEC, plan: PLAN, graph: GRAPH, changelog: '' };
  return { agentId, ...content, ...(version === undefined ? {} : { version }) };
}

test('a new agent is a draft without versions, and its name is taken', async () => {
  const agent = await createAgent();
  expect(agent).toMatchObject({ status: 'draft', labels: {} });
  expect(await stores.agents.getByName(workspaceId, agent.name)).toEqual(agent);
  await expect(
    stores.agents.create(workspaceId, { name: agent.name, description: '' }),
  ).rejects.toMatchObject({ code: 'agent.name_taken' });
});

test('versions made at the same time get numbers without gaps, and latest is the last', async () => {
  const { id } = await createAgent();
  const made = await Promise.all(
    [1, 2, 3, 4, 5].map(() => stores.agents.createVersion(workspaceId, draft(id))),
  );
  const numbers = made.map(({ number }) => number).sort();
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
  const agent = await stores.agents.get(workspaceId, id);
  expect(agent.status).toBe('published');
  expect(agent.labels).toEqual({ latest: made.find(({ number }) => number === 5)?.id });
  const page = await stores.agents.listVersions(workspaceId, id, { limit: 2 });
  expect(page.items.map(({ number }) => number)).toEqual([5, 4]);
});

test('a version is found by id, text, number and label', async () => {
  const { id } = await createAgent();
  const version = await stores.agents.createVersion(workspaceId, draft(id, '1.2.0'));
  const plain = await stores.agents.createVersion(workspaceId, draft(id));
  await stores.agents.setLabel(workspaceId, { agentId: id, label: 'prod', versionId: version.id });
  for (const reference of [version.id, '1.2.0', '1', 'prod']) {
    const found = await stores.agents.getVersion(workspaceId, id, reference);
    expect(found).toEqual(version);
  }
  for (const reference of [plain.id, '2', 'latest']) {
    expect((await stores.agents.getVersion(workspaceId, id, reference)).id).toBe(plain.id);
  }
  for (const reference of ['3', '1.2', 'nope', 'ver_x', '', '99999999999', '__proto__']) {
    await expect(stores.agents.getVersion(workspaceId, id, reference)).rejects.toMatchObject({
      code: 'agent.version_not_found',
    });
  }
  expect((await stores.agents.getVersionById(workspaceId, plain.id)).agentName).toMatch(/^agent-/);
});

test('the text of a version is taken once', async () => {
  const { id } = await createAgent();
  await stores.agents.createVersion(workspaceId, draft(id, '1.0.0'));
  await expect(stores.agents.createVersion(workspaceId, draft(id, '1.0.0'))).rejects.toMatchObject({
    code: 'agent.version_exists',
  });
});

test('archived agents take no versions until they are published again', async () => {
  const { id } = await createAgent();
  await stores.agents.update(workspaceId, id, { status: 'archived' });
  await expect(stores.agents.createVersion(workspaceId, draft(id))).rejects.toMatchObject({
    code: 'agent.archived',
  });
  const back = await stores.agents.update(workspaceId, id, { status: 'draft', description: 'x' });
  expect(back).toMatchObject({ status: 'draft', description: 'x' });
});

test('each move of a label is noted, so that it can be moved back', async () => {
  const { id: agentId } = await createAgent();
  const one = await stores.agents.createVersion(workspaceId, draft(agentId));
  const two = await stores.agents.createVersion(workspaceId, draft(agentId));
  const label = 'prod';
  await stores.agents.setLabel(workspaceId, { agentId, label, versionId: one.id, changedBy: 'k' });
  await stores.agents.setLabel(workspaceId, { agentId, label, versionId: two.id });
  await stores.agents.setLabel(workspaceId, { agentId, label, versionId: two.id });
  const after = await stores.agents.deleteLabel(workspaceId, { agentId, label });
  expect(after.labels).toEqual({ latest: two.id });
  const page = { limit: 10, label };
  const { items } = await stores.agents.listLabelChanges(workspaceId, agentId, page);
  expect(items.map(({ fromVersionId, toVersionId }) => [fromVersionId, toVersionId])).toEqual([
    [two.id, null],
    [one.id, two.id],
    [null, one.id],
  ]);
  expect(items.at(-1)).toMatchObject({ changedBy: 'k', label });
  const all = await stores.agents.listLabelChanges(workspaceId, agentId, { limit: 2 });
  expect(all.nextCursor).not.toBeNull();
});

test('labels that cannot be moved are refused', async () => {
  const { id: agentId } = await createAgent();
  const other = await createAgent();
  const foreign = await stores.agents.createVersion(workspaceId, draft(other.id));
  const refused = async (answer: Promise<unknown>, code: string): Promise<void> => {
    await expect(answer).rejects.toMatchObject({ code });
  };
  const versionId = foreign.id;
  const set = (label: string) => stores.agents.setLabel(workspaceId, { agentId, label, versionId });
  await refused(set('prod'), 'agent.version_not_found');
  await refused(set('latest'), 'agent.label_reserved');
  const remove = (label: string) => stores.agents.deleteLabel(workspaceId, { agentId, label });
  await refused(remove('latest'), 'agent.label_reserved');
  await refused(remove('none'), 'agent.label_not_found');
  const own = await stores.agents.createVersion(workspaceId, draft(agentId));
  for (let n = 1; n < LIMITS.labelsPerAgent; n += 1) {
    const label = `l${n}`;
    await stores.agents.setLabel(workspaceId, { agentId, label, versionId: own.id });
  }
  await refused(
    stores.agents.setLabel(workspaceId, { agentId, label: 'more', versionId: own.id }),
    'request.invalid',
  );
});

test('agents are listed newest first, by status and by name', async () => {
  const { workspaceId: own } = await createTenant(stores, 'first');
  const { id } = await stores.agents.create(own, { name: 'second', description: '' });
  const names = async (filter: object) =>
    (await stores.agents.list(own, filter, { limit: 9 })).items.map(({ name }) => name);
  expect(await names({})).toEqual(['second', 'first']);
  expect(await names({ status: 'draft' })).toEqual(['second']);
  expect(await names({ name: 'first' })).toEqual(['first']);
  const page = await stores.agents.list(own, {}, { limit: 1 });
  expect(page.items[0]?.id).toBe(id);
  const rest = { limit: 1, cursor: page.nextCursor ?? '' };
  expect((await stores.agents.list(own, {}, rest)).items[0]?.name).toBe('first');
});
