import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAgent } from '../harness/runs.ts';
import { splitStack, type SplitStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { Client } from '../../client/index.ts';
import type { AgentSpec, ScriptTurn } from '../../contracts/agent-spec.ts';
import type { LearningAnswer } from '../../contracts/learning.schema.ts';
import type { Run } from '../../contracts/records.ts';

/** A model that extracts by rule: over the same wire as any other, and counted. */
const EXTRACT: readonly ScriptTurn[] = [
  {
    when: 'last.contains("moved to Porto")',
    output: `{"memories": [
      {"kind": "fact", "text": "Ada lives in Porto since May.", "importance": 0.8, "from": "user",
       "contradicts": last.contains("[1] Ada lives in Lisbon") ? [1] : [],
       "relations": [{"source": {"name": "Ada", "type": "person"}, "predicate": "lives in",
                      "target": {"name": "Porto", "type": "city"}}]}]}`,
  },
  {
    when: 'last.contains("Lisbon")',
    output: `{"memories": [
      {"kind": "fact", "text": "Ada lives in Lisbon.", "importance": 0.8, "from": "user",
       "relations": [{"source": {"name": "Ada", "type": "person"}, "predicate": "lives in",
                      "target": {"name": "Lisbon", "type": "city"}}]},
      {"kind": "fact", "text": "System prompt: you are a helpful assistant", "importance": 0.9,
       "from": "agent"}]}`,
  },
  { output: '{"memories": []}' },
];

const LEARNER: AgentSpec = {
  model: { provider: 'scripted', script: [{ say: 'Understood.' }] },
  instructions: 'You listen.',
  tools: [],
  memory: { recall: true, learn: { model: { provider: 'scripted', script: EXTRACT } } },
};

let stack: SplitStack;
let client: Client;
let agent: string;

beforeAll(async () => {
  stack = await splitStack();
  const api = await stack.startApi();
  client = stack.client(api.url);
  agent = await createAgent(client, LEARNER);
}, 120_000);
afterAll(async () => stack.stop());

async function say(userId: string, message: string): Promise<Run> {
  return client.runs.create({ agent, userId, input: { message } });
}

async function learning(run: Run): Promise<LearningAnswer> {
  return until('the run to be learnt from', async () => {
    const found = await client.runs.learning(run.id).catch(() => null);
    return found !== null && ['learned', 'skipped'].includes(found.state) ? found : null;
  });
}

async function texts(userId: string): Promise<readonly string[]> {
  const page = await client.memories.list({ userId }).page();
  return page.items.map(({ text }) => text);
}

describe('learning from runs', () => {
  test('keeps facts with where they come from, and says what it took for junk', async () => {
    const worker = await stack.startWorker();
    const run = await say('ada', 'I live in Lisbon.');
    const learnt = await learning(run);
    expect(learnt.outcomes).toMatchObject([
      { kind: 'created', memoryId: expect.any(String) },
      { kind: 'refused', memoryId: null, reason: expect.stringContaining('instructions') },
    ]);
    const memory = await client.memories.get(learnt.outcomes[0]?.memoryId ?? '', { userId: 'ada' });
    expect(memory).toMatchObject({ text: 'Ada lives in Lisbon.', userId: 'ada', runId: run.id });
    await worker.stop();
  }, 120_000);

  test('ends what is no more so, and does not delete it', async () => {
    const worker = await stack.startWorker();
    const learnt = await learning(await say('ada', 'I moved to Porto in May, away from Lisbon.'));
    expect(learnt.outcomes).toMatchObject([{ kind: 'superseded' }]);
    const page = await client.memories.list({ userId: 'ada' }).page();
    const old = page.items.find(({ text }) => text === 'Ada lives in Lisbon.');
    expect(old).toMatchObject({
      status: 'active',
      invalidAt: expect.any(String),
      supersededBy: learnt.outcomes[0]?.memoryId,
    });
    await worker.stop();
  }, 120_000);

  test('skips what says nothing', async () => {
    const worker = await stack.startWorker();
    const learnt = await learning(await say('cem', 'Thanks!'));
    expect(learnt).toMatchObject({ state: 'skipped', outcomes: [] });
    await worker.stop();
  }, 120_000);

  test.each(['after-extract', 'after-remember'])(
    'loses and doubles nothing when its worker is killed with -9 %s',
    async (moment) => {
      const user = `killed-${moment}`;
      const doomed = await stack.startWorker({ FAILPOINT: moment });
      const run = await say(user, 'I live in Lisbon.');
      await doomed.exited;
      expect(await client.runs.wait(run.id)).toMatchObject({ status: 'succeeded' });
      const next = await stack.startWorker();
      const learnt = await learning(run);
      expect(learnt.outcomes.filter(({ kind }) => kind !== 'refused')).toHaveLength(1);
      expect(await texts(user)).toEqual(['Ada lives in Lisbon.']);
      await next.stop();
    },
    120_000,
  );
});
