import { expect, test } from '@jest/globals';
import { createClient } from '../client/index.ts';
import { createFakeService, json, problem, type FakeAnswer } from '../client/fake-service.ts';
import type { DemoAgent } from './demo-agent.ts';
import { seedDemo } from './seed.ts';

const AGENT: DemoAgent = {
  name: 'demo',
  description: 'd',
  spec: { model: { provider: 'default' }, instructions: 'be brief', tools: [] },
  sampleInput: {},
};

async function seed(agent: DemoAgent, answers: readonly FakeAnswer[]) {
  const service = createFakeService(answers);
  const client = createClient({ baseUrl: 'http://s', apiKey: 'k', fetch: service.fetch });
  const seeded = await seedDemo(client, [agent]);
  const sent = service.seen.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  return { seeded, sent, bodies: service.seen.map(({ body }) => body) };
}

const MADE = json({ version: '1' }, { status: 201 });

/** The changelog of the version that seeding makes. */
async function changelogOf(agent: DemoAgent): Promise<unknown> {
  const { bodies } = await seed(agent, [problem(404, 'agent.not_found'), MADE, MADE]);
  return (bodies[2] as { readonly changelog?: unknown }).changelog;
}

function versions(...changelogs: readonly unknown[]): FakeAnswer {
  const items = changelogs.map((changelog, i) => ({ version: String(i + 1), changelog }));
  return json({ items, nextCursor: null });
}

test('creates an agent that is not there', async () => {
  const { seeded, sent } = await seed(AGENT, [problem(404, 'agent.not_found'), MADE, MADE]);
  expect(seeded).toEqual([{ name: 'demo', version: '1', change: 'created' }]);
  expect(sent).toEqual([
    'GET /v1/agents/demo/versions',
    'POST /v1/agents',
    'POST /v1/agents/demo/versions',
  ]);
});

test('goes on when another process has created it in the meantime', async () => {
  const taken = problem(409, 'agent.name_taken');
  const { seeded } = await seed(AGENT, [problem(404, 'agent.not_found'), taken, MADE]);
  expect(seeded).toMatchObject([{ change: 'created' }]);
});

test('leaves an agent alone that has the spec among its versions', async () => {
  const list = versions('mine, and newer', await changelogOf(AGENT));
  const { seeded, sent } = await seed(AGENT, [list]);
  expect(seeded).toEqual([{ name: 'demo', version: '2', change: 'unchanged' }]);
  expect(sent).toHaveLength(1);
});

test('makes a version when the spec has changed', async () => {
  const changed = { ...AGENT, spec: { ...AGENT.spec, instructions: 'be long' } };
  const list = versions(await changelogOf(AGENT));
  const { seeded } = await seed(changed, [list, problem(409, 'agent.name_taken'), MADE]);
  expect(seeded).toMatchObject([{ change: 'created' }]);
});
