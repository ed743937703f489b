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
const KNOWN = json({ id: 'agt_1', name: 'demo', labels: { latest: 'ver_1' } });

async function seed(answers: readonly FakeAnswer[]) {
  const service = createFakeService(answers);
  const client = createClient({ baseUrl: 'http://s', apiKey: 'k', fetch: service.fetch });
  const seeded = await seedDemo(client, [AGENT]);
  return {
    seeded,
    sent: service.seen.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
  };
}

test('creates an agent that is not there', async () => {
  const { seeded, sent } = await seed([
    problem(404, 'agent.not_found'),
    json({ id: 'agt_1' }, { status: 201 }),
    json({ version: '1' }, { status: 201 }),
  ]);
  expect(seeded).toEqual([{ name: 'demo', version: '1', change: 'created' }]);
  expect(sent).toEqual(['GET /v1/agents/demo', 'POST /v1/agents', 'POST /v1/agents/demo/versions']);
});

test('goes on when another process has created it in the meantime', async () => {
  const { seeded } = await seed([
    problem(404, 'agent.not_found'),
    problem(409, 'agent.name_taken'),
    json({ version: '2' }, { status: 201 }),
  ]);
  expect(seeded).toMatchObject([{ version: '2' }]);
});

test('leaves a version alone whose spec is the same in another order', async () => {
  const spec = { tools: [], instructions: 'be brief', model: { provider: 'default' } };
  const { seeded, sent } = await seed([KNOWN, json({ version: '1', spec })]);
  expect(seeded).toEqual([{ name: 'demo', version: '1', change: 'unchanged' }]);
  expect(sent).toHaveLength(2);
});

test('makes a version when the spec has changed', async () => {
  const spec = { tools: [], instructions: 'be long', model: { provider: 'default' } };
  const { seeded } = await seed([
    KNOWN,
    json({ version: '1', spec }),
    json({ version: '2' }, { status: 201 }),
  ]);
  expect(seeded).toEqual([{ name: 'demo', version: '2', change: 'new version' }]);
});
