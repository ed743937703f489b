import { expect, test } from '@jest/globals';
import { createClient } from '../client/index.ts';
import { createFakeService, events, json, type FakeAnswer } from '../client/fake-service.ts';
import type { JsonObject } from '../contracts/json.ts';
import { watchDemo } from './watch.ts';

const USAGE = { modelCalls: 4, toolCalls: 3, inputTokens: 100, outputTokens: 20 };
const CREATED = json({ id: 'run_1', version: '1' }, { status: 201 });
const ENDED = json({ id: 'run_1', status: 'succeeded', usage: USAGE });

let seq = 0;
function entry(type: string, data: JsonObject, stepId?: string): string {
  seq += 1;
  return `data: ${JSON.stringify({ seq, type, at: '', data, ...(stepId === undefined ? {} : { stepId }) })}\n\n`;
}

function token(sub: number, text: string, stepId = 'write:1'): string {
  return `data: ${JSON.stringify({ type: 'token', seq, sub, stepId, attempt: 1, text })}\n\n`;
}

function story(): FakeAnswer {
  seq = 0;
  const step = { nodeId: 'triage', op: 'node', visit: 1 };
  const task = { taskId: 'task_1', kind: 'review', title: 'Approve it', allowed: ['approve'] };
  return events([
    entry('run.started', {}),
    entry(
      'step.started',
      { ...step, attempt: 1, tool: 'calculator', arguments: { expression: '1+1' } },
      'triage:1',
    ),
    entry('step.completed', { ...step, result: 2, writes: [] }, 'triage:1'),
    entry('step.started', { ...step, attempt: 1 }, 'write:1') +
      token(1, 'Hello ') +
      token(2, 'world'),
    entry('step.started', { ...step, attempt: 1 }, 'judge:1') +
      token(1, '{"hidden": true}', 'judge:1'),
    entry('human_task.created', { ...task, assignees: [], deadlineAt: null }, 'approve:1'),
    entry('human_task.decided', { taskId: 'task_1', decision: { kind: 'approve', reason: 'ok' } }),
    entry('run.succeeded', { output: { report: '# Report' } }),
  ]);
}

async function watch(answers: readonly FakeAnswer[], autoApproveAfterMs?: number) {
  const service = createFakeService(answers);
  const client = createClient({ baseUrl: 'http://s', apiKey: 'key', fetch: service.fetch });
  let shown = '';
  const write = (text: string): void => {
    shown += text;
  };
  const auto = autoApproveAfterMs === undefined ? {} : { autoApproveAfterMs };
  const run = await watchDemo(client, { write, baseUrl: 'http://s', apiKey: 'key', ...auto });
  return { run, shown, seen: service.seen };
}

test('shows steps, tool calls, text, the question with its command, and the report', async () => {
  const { run, shown } = await watch([CREATED, story(), ENDED]);
  expect(run.status).toBe('succeeded');
  expect(shown).toContain('> triage:1 calculator {"expression":"1+1"}');
  expect(shown).toContain('✓ triage:1 2\n');
  expect(shown).toContain('… Hello world\n');
  expect(shown).toContain(
    "curl -sS http://s/v1/human-tasks/task_1/decision -H 'authorization: Bearer key' -H 'content-type: application/json' -d '{\"kind\":\"approve\"}'",
  );
  expect(shown).toContain('waiting for you');
  expect(shown).toContain('! approve: ok');
  expect(shown).toContain('# Report');
  expect(shown).not.toContain('hidden');
  expect(shown).toContain('4 model calls, 3 tool calls, 120 tokens');
});

test('approves by itself when told to, and says so', async () => {
  const open = json({ id: 'task_1', status: 'open' });
  const decided = json({ id: 'task_1', status: 'decided' });
  const { shown, seen } = await watch([CREATED, story(), open, decided, ENDED], 1);
  expect(shown).toContain('approves by itself in 0.001 s');
  expect(seen[3]?.body).toMatchObject({ kind: 'approve' });
});

test('leaves a question alone that a person has answered in the meantime', async () => {
  const decided = json({ id: 'task_1', status: 'decided' });
  const { seen } = await watch([CREATED, story(), decided, ENDED], 1);
  expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'GET']);
});
