import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { humanTaskSchema } from '../../contracts/human-task.schema.ts';
import { newId } from '../../contracts/ids.ts';
import { startTestApi, type TestApi } from './api-harness.ts';
import type { Answer } from './answer.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
afterEach(() => {
  api.control.beforeDecide = () => Promise.resolve();
});

const FORM = {
  type: 'object',
  properties: { amount: { type: 'integer', minimum: 1 } },
  required: ['amount'],
  additionalProperties: false,
} as const;

/** Opens a task in a new run. */
async function ask(change: Partial<HumanTaskDraft> = {}): Promise<{ id: string; runId: string }> {
  const runId = await api.run();
  const id = newId('humanTask');
  await api.journal.commit({
    workspaceId: api.own.id,
    runId,
    epoch: 0,
    start: true,
    step: {
      call: { stepId: 'review:1', nodeId: 'review', op: 'node', visit: 1, key: '00000' },
      status: 'waiting',
      attempt: 0,
      outcome: { kind: 'wait', taskId: id, deadlineAt: change.deadlineAt ?? null },
      deltas: [],
      result: null,
      error: null,
      usage: { modelCalls: 0, toolCalls: 0, inputTokens: 0, outputTokens: 0 },
      memo: {},
      startedAt: Date.now(),
    },
    tasks: [
      {
        id,
        kind: 'review',
        title: 'Pay?',
        description: '',
        subject: { amount: 3 },
        form: FORM,
        allowed: ['approve', 'reject', 'edit'],
        assignees: ['finance'],
        deadlineAt: null,
        ...change,
      },
    ],
    events: [{ type: 'human_task.created', stepId: 'review:1', data: { taskId: id } }],
  });
  return { id, runId };
}

function decide(id: string, body: object, key = api.own.keys.runner): Promise<Answer> {
  return api.call('POST', `/v1/human-tasks/${id}/decision`, { body, key });
}

describe('an inbox', () => {
  test('lists tasks by run, state and assignee', async () => {
    const { id, runId } = await ask();
    const list = async (query: string): Promise<string[]> => {
      const answer = await api.call('GET', `/v1/human-tasks?${query}`);
      return answer.body.items.map((task) => task.id);
    };
    expect(await list(`runId=${runId}`)).toEqual([id]);
    expect(await list(`runId=${runId}&status=open&assignee=finance&kind=review`)).toEqual([id]);
    expect(await list(`runId=${runId}&status=decided`)).toEqual([]);
    expect(await list(`runId=${runId}&assignee=law`)).toEqual([]);
    const { body } = await api.call('GET', `/v1/human-tasks/${id}`);
    expect(humanTaskSchema.strict().parse(body)).toMatchObject({ id, runId, status: 'open' });
    const run = await api.call('GET', `/v1/runs/${runId}`);
    expect(run.body).toMatchObject({ status: 'waiting', openHumanTasks: 1 });
  });
});

describe('a decision', () => {
  test.each([
    [{ kind: 'approve' }],
    [{ kind: 'reject', reason: 'too much' }],
    [{ kind: 'edit', value: { amount: 2 } }],
  ])('%j is taken and told', async (body) => {
    const { id } = await ask();
    const answer = await decide(id, { decisionId: 'mine', ...body });
    expect(answer.status).toBe(200);
    expect(humanTaskSchema.strict().parse(answer.body)).toMatchObject({
      id,
      status: 'decided',
      decision: { decisionId: 'mine', ...body },
    });
    const stored = await api.call('GET', `/v1/human-tasks/${id}`);
    expect(stored.body).toEqual(answer.body);
  });

  test('is taken without an id of its own', async () => {
    const { id } = await ask();
    const answer = await decide(id, { kind: 'approve' });
    expect(answer.body.decision.decisionId).toMatch(/^dec_/);
  });

  test('may carry a large value', async () => {
    const { id } = await ask({ form: true, allowed: ['answer'] });
    const value = 'x'.repeat(100_000);
    const body = { decisionId: 'large', kind: 'answer', value };
    const answer = await decide(id, body);
    expect(answer.status).toBe(200);
    const blob = await api.call('GET', `/v1/values/${answer.body.decision.value.$blob}`);
    expect(blob.body).toBe(value);
    expect((await decide(id, body)).status).toBe(200);
  });

  test('sent again answers as before', async () => {
    const { id } = await ask();
    const body = { decisionId: 'again', kind: 'edit', value: { amount: 2 }, reason: 'less' };
    const first = await decide(id, body);
    const again = await decide(id, body);
    expect([again.status, again.body]).toEqual([200, first.body]);
  });

  test.each([
    ['another id', { decisionId: 'second', kind: 'reject' }],
    ['the same id and another kind', { decisionId: 'first', kind: 'reject' }],
    ['the same id and another reason', { decisionId: 'first', kind: 'approve', reason: 'so' }],
  ])('with %s conflicts with the one that stands', async (_name, second) => {
    const { id } = await ask();
    const first = await decide(id, { decisionId: 'first', kind: 'approve' });
    const answer = await decide(id, second);
    expect([answer.status, answer.body.code]).toEqual([409, 'human_task.already_decided']);
    const { decidedAt } = first.body.decision;
    expect(answer.body.decision).toEqual({ decisionId: 'first', kind: 'approve', decidedAt });
    expect(answer.body.detail).toContain(decidedAt);
  });

  test('that loses a race conflicts too', async () => {
    const { id } = await ask();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        decide(id, { decisionId: `racer-${index}`, kind: index % 2 === 0 ? 'approve' : 'reject' }),
      ),
    );
    const winners = answers.filter((answer) => answer.status === 200);
    expect(winners).toHaveLength(1);
    const winner = winners[0]?.body.decision.decisionId;
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect([answer.status, answer.body.decision.decisionId]).toEqual([409, winner]);
    }
  });

  test.each([
    [{ kind: 'answer', value: { amount: 1 } }, '/kind'],
    [{ kind: 'approve', value: { amount: 1 } }, '/value'],
    [{ kind: 'edit' }, '/value'],
    [{ kind: 'edit', value: { amount: 0 } }, '/value/amount'],
    [{ kind: 'edit', value: { amount: '1' } }, '/value/amount'],
    [{ kind: 'edit', value: {} }, '/value'],
  ])('like %j is refused with a pointer, and the task stays open', async (body, pointer) => {
    const { id } = await ask();
    const answer = await decide(id, body);
    expect([answer.status, answer.body.code]).toEqual([422, 'human_task.invalid_decision']);
    expect(answer.body.problems[0]?.pointer).toContain(pointer);
    expect((await api.call('GET', `/v1/human-tasks/${id}`)).body.status).toBe('open');
  });

  test.each([
    [{ kind: 'maybe' }, '/kind'],
    [{ kind: 'approve', decisionId: '' }, '/decisionId'],
    [{ kind: 'approve', decisionId: 'a b' }, '/decisionId'],
    [{ kind: 'approve', note: 'x' }, '/note'],
  ])('like %j is no request', async (body, pointer) => {
    const { id } = await ask();
    const answer = await decide(id, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.body.problems[0]?.pointer).toBe(pointer);
  });

  test('comes too late for a task that expired', async () => {
    const { id, runId } = await ask({ deadlineAt: Date.now() - 1_000 });
    await api.journal.settle({ workspaceId: api.own.id, runId }, id, 'timeout');
    const answer = await decide(id, { kind: 'approve' });
    expect([answer.status, answer.body.code]).toEqual([409, 'human_task.expired']);
  });

  test('comes too late for a task that expires while it is delivered', async () => {
    const { id, runId } = await ask({ deadlineAt: Date.now() - 1_000 });
    api.control.beforeDecide = async () => {
      await api.journal.settle({ workspaceId: api.own.id, runId }, id, 'timeout');
    };
    const answer = await decide(id, { kind: 'approve' });
    expect([answer.status, answer.body.code]).toEqual([409, 'human_task.expired']);
  });

  test('comes too late for a task whose run was cancelled', async () => {
    const { id, runId } = await ask();
    await api.call('POST', `/v1/runs/${runId}/cancel`);
    const answer = await decide(id, { kind: 'approve' });
    expect([answer.status, answer.body.code]).toEqual([409, 'human_task.cancelled']);
  });

  test('needs a task, and one of the same workspace', async () => {
    const { id } = await ask();
    const foreign = await decide(id, { kind: 'approve' }, api.foreign.keys.admin);
    expect([foreign.status, foreign.body.code]).toEqual([404, 'human_task.not_found']);
    const unknown = await decide(newId('humanTask'), { kind: 'approve' });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'human_task.not_found']);
  });
});
