import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compileSpec } from '../../api/compile-spec.ts';
import { DEMO_AGENTS, DEMO_INPUTS, seedDemo, watchDemo } from '../../examples/index.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { validateJson } from '../../engine/json-schema.ts';
import type { Json } from '../../contracts/json.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ HOLDFAST_INPUTS: DEMO_INPUTS });
}, 120_000);

afterAll(() => stack.stop());

test.each(DEMO_AGENTS)('$name compiles, and its sample input fits', ({ spec, sampleInput }) => {
  const { registry } = stack.holdfast.installation;
  const compiled = compileSpec(JSON.parse(JSON.stringify(spec)) as Json, registry);
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems, null, 2));
  expect(validateJson(compiled.graph.input, sampleInput)).toEqual([]);
});

test('seeding twice makes each agent and its version once', async () => {
  const first = await seedDemo(stack.client, DEMO_AGENTS);
  expect(first.map(({ change }) => change)).toEqual(DEMO_AGENTS.map(() => 'created'));
  const second = await seedDemo(stack.client, DEMO_AGENTS);
  expect(second.map(({ change }) => change)).toEqual(DEMO_AGENTS.map(() => 'unchanged'));
  for (const { name } of DEMO_AGENTS) {
    expect((await stack.client.agents.listVersions(name).page()).items).toHaveLength(1);
  }
}, 60_000);

test('the demo runs visibly to its approved report', async () => {
  await seedDemo(stack.client, DEMO_AGENTS);
  let shown = '';
  const run = await watchDemo(stack.client, {
    write: (text) => {
      shown += text;
    },
    baseUrl: stack.url,
    apiKey: stack.apiKey,
    autoApproveAfterMs: 10,
  });
  expect(run.status).toBe('succeeded');
  expect(run.usage).toMatchObject({ modelCalls: 4, toolCalls: 3 });
  expect(shown).toContain('# Support triage, version 1');
  expect(shown).toContain('approving by itself');
  const numbers = [...shown.matchAll(/^ {0,3}(\d+) [>✓?!■·]/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(Array.from({ length: run.lastEventSeq }, (_, index) => index + 1));
}, 60_000);
