import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoAgents, seedDemo } from '../../examples/index.ts';
import { sql } from 'kysely';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { Run } from '../../contracts/records.ts';

const NAME = 'guest-concierge';
const STORY = 'I am Ada. My boat Albatros is 12 metres long; I like it quiet at night.';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  const agents = demoAgents('http://127.0.0.1:1').filter(({ name }) => name === NAME);
  await seedDemo(stack.client, agents);
}, 60_000);
afterAll(async () => stack.stop());

async function say(userId: string, message: string): Promise<Run> {
  const { id } = await stack.client.runs.create({
    agent: NAME,
    userId,
    newThread: true,
    input: { message },
  });
  return stack.client.runs.wait(id);
}

/** Learning goes on behind the run. */
async function learnt(run: Run): Promise<void> {
  await until('the run to be learnt from', async () => {
    const learning = await stack.client.runs.learning(run.id).catch(() => null);
    return learning?.state === 'learned';
  });
}

test('a guest is known in the next conversation, and nobody else is told', async () => {
  const first = await say('ada', STORY);
  expect(first).toMatchObject({ status: 'succeeded', userId: 'ada' });
  expect(first.output).toContain('do not know you');
  await learnt(first);

  const second = await say('ada', 'Which berth is quiet at night?');
  expect(second.output).toContain('My boat Albatros is 12 metres long');
  const other = await say('ben', 'Which berth is quiet at night?');
  expect(other.output).toContain('do not know you');
});

test('what nobody asks for fades, and is kept out of answers without being deleted', async () => {
  const story = await say('dora', 'I am Dora. My boat Delfin needs shore power, always.');
  await learnt(story);
  const { temporal, installation } = stack.holdfast;
  await sql`
    update memories set last_access_at = now() - interval '400 days', forget_at = now() - interval '1 day'
    where workspace_id = ${stack.workspaceId} and user_id = 'dora'`.execute(
    installation.database.kysely,
  );
  const swept: unknown = await temporal.workflow.execute('sweepMemories', {
    taskQueue: stack.env['HOLDFAST_TASK_QUEUE'] ?? '',
    workflowId: `sweep-${stack.workspaceId}`,
  });
  expect(swept).toMatchObject({ workspaces: 1, archived: expect.any(Number) });

  const { items } = await stack.client.memories.list({ userId: 'dora', status: 'archived' }).page();
  expect(items.map(({ text }) => text)).toContain(
    'I am Dora. My boat Delfin needs shore power, always.',
  );
  const later = await say('dora', 'What does Delfin need?');
  expect(later.output).toContain('do not know you');
});
