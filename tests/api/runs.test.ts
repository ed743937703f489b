import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { runSchema } from '../../contracts/run.schema.ts';
import { SPEC, startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let agent: string;

beforeAll(async () => {
  api = await startTestApi({ timing: { startWaitMs: 50 } });
  agent = await api.agent();
});
afterAll(() => api.stop());
afterEach(() => {
  api.control.startMode = 'ok';
});

describe('starting a run', () => {
  test('answers with the stored run and where it is, and starts its workflow once', async () => {
    const answer = await api.call('POST', '/v1/runs', { body: { agent, input: { topic: 'a' } } });
    expect(answer.status).toBe(201);
    const run = runSchema.strict().parse(answer.body);
    expect(run).toMatchObject({ status: 'queued', input: { topic: 'a' }, agentName: agent });
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect((await api.call('GET', `/v1/runs/${run.id}`)).body).toEqual(run);
    const started = api.control.started.filter(({ runId }) => runId === run.id);
    expect(started).toEqual([
      { workspaceId: api.own.id, runId: run.id, agentName: agent, version: run.version },
    ]);
  });

  test.each(['away', 'silent'] as const)(
    'succeeds while the workflow service is %s: the run is stored',
    async (mode) => {
      api.control.startMode = mode;
      const answer = await api.call('POST', '/v1/runs', { body: { agent } });
      expect(answer.status).toBe(201);
      expect((await api.call('GET', `/v1/runs/${answer.body.id}`)).status).toBe(200);
    },
  );

  test('refuses an input that does not fit the schema, with pointers', async () => {
    const input = { topic: 7, colour: 'red' };
    const answer = await api.call('POST', '/v1/runs', { body: { agent, input } });
    expect([answer.status, answer.body.code]).toEqual([422, 'run.invalid_input']);
    const pointers = answer.body.problems.map(({ pointer }) => pointer);
    expect(pointers).toContain('/input/topic');
  });

  test('takes the version that is named by id, text, number or label', async () => {
    const made = await api.call('POST', `/v1/agents/${agent}/versions`, {
      body: { spec: { ...SPEC, instructions: 'Say hello twice.' }, version: '2.0.0' },
    });
    await api.call('PUT', `/v1/agents/${agent}/labels/prod`, { body: { version: '1' } });
    const versionOf = async (choice: object): Promise<unknown> => {
      const answer = await api.call('POST', '/v1/runs', { body: { agent, ...choice } });
      return answer.body.version ?? answer.body.code;
    };
    expect(await versionOf({})).toBe('2.0.0');
    expect(await versionOf({ label: 'prod' })).toBe('1');
    expect(await versionOf({ version: '1' })).toBe('1');
    expect(await versionOf({ version: '2.0.0' })).toBe('2.0.0');
    expect(await versionOf({ version: made.body.id })).toBe('2.0.0');
    expect(await versionOf({ label: 'none' })).toBe('agent.label_not_found');
    expect(await versionOf({ version: '9' })).toBe('agent.version_not_found');
  });

  test('is refused for agents that are unknown, archived or without a version', async () => {
    const start = async (name: string): Promise<unknown> => {
      const answer = await api.call('POST', '/v1/runs', { body: { agent: name } });
      return [answer.status, answer.body.code];
    };
    expect(await start('no-such-agent')).toEqual([404, 'agent.not_found']);
    await api.call('POST', '/v1/agents', { body: { name: 'empty' } });
    expect(await start('empty')).toEqual([404, 'agent.version_not_found']);
    const archived = await api.agent();
    await api.call('PATCH', `/v1/agents/${archived}`, { body: { archived: true } });
    expect(await start(archived)).toEqual([409, 'agent.archived']);
    await api.call('PATCH', `/v1/agents/${archived}`, { body: { archived: false } });
    expect((await start(archived)) as unknown[]).toContain(201);
  });
});

describe('idempotency keys', () => {
  test('give twenty simultaneous posts one run', async () => {
    const headers = { 'idempotency-key': 'race' };
    const body = { agent, input: { topic: 'race' } };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call('POST', '/v1/runs', { body, headers })),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    const id = String(answers[0]?.body.id);
    expect(api.control.started.filter(({ runId }) => runId === id)).toHaveLength(1);
    expect(answers.every(({ headers: sent }) => sent.get('location') === `/v1/runs/${id}`)).toBe(
      true,
    );
  });

  test('compare what was sent, not how it was written', async () => {
    const headers = { 'idempotency-key': 'order' };
    const first = await api.call('POST', '/v1/runs', {
      raw: `{"agent":"${agent}","input":{"topic":"a","message":1}}`,
      headers,
    });
    const again = await api.call('POST', '/v1/runs', {
      raw: `{ "input": {"message": 1.0, "topic": "\\u0061"}, "agent": "${agent}" }`,
      headers,
    });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
  });

  test('are refused with another body', async () => {
    const headers = { 'idempotency-key': 'reused' };
    const send = (input: object) =>
      api.call('POST', '/v1/runs', { body: { agent, input }, headers });
    expect((await send({ topic: 'a' })).status).toBe(201);
    const other = await send({ topic: 'b' });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency.key_reused']);
  });

  test('of other workspaces are others', async () => {
    const headers = { 'idempotency-key': 'shared' };
    const theirs = await api.agent(undefined, api.foreign.keys.admin);
    const mine = await api.call('POST', '/v1/runs', { body: { agent }, headers });
    const foreign = await api.call('POST', '/v1/runs', {
      body: { agent: theirs },
      headers,
      key: api.foreign.keys.admin,
    });
    expect([mine.status, foreign.status]).toEqual([201, 201]);
  });
});

describe('large values', () => {
  test('travel by reference and are read from their address', async () => {
    const topic = 'x'.repeat(20_000);
    const { body: run } = await api.call('POST', '/v1/runs', { body: { agent, input: { topic } } });
    expect(run.input).toEqual({ $blob: expect.any(String), sizeBytes: expect.any(Number) });
    const value = await api.call('GET', `/v1/values/${run.input.$blob}`);
    expect(value.body).toEqual({ topic });
  });

  test.each(['x', '0'.repeat(64), '../secret'])('named %s are unknown', async (name) => {
    const answer = await api.call('GET', `/v1/values/${encodeURIComponent(name)}`);
    expect([answer.status, answer.body.code]).toEqual([404, 'blob.not_found']);
  });
});

describe('lists of runs', () => {
  test('are narrowed and paged without loss', async () => {
    const name = await api.agent();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push((await api.call('POST', '/v1/runs', { body: { agent: name } })).body.id);
    }
    await api.end(ids[0] ?? '');
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await api.call('GET', `/v1/runs?agent=${name}&limit=2${query}`);
      seen.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([...ids].reverse());
    const ended = await api.call('GET', `/v1/runs?agent=${name}&status=succeeded`);
    expect(ended.body.items).toMatchObject([{ id: ids[0], output: 'done' }]);
    const later = await api.call('GET', '/v1/runs?createdAfter=2999-01-01T00:00:00Z');
    expect(later.body.items).toEqual([]);
    const sooner = await api.call('GET', '/v1/runs?createdBefore=2999-01-01T00:00:00%2B02:00');
    expect(sooner.body.items.length).toBeGreaterThan(4);
  });
});

describe('steps and checkpoints', () => {
  test('are listed, and a checkpoint has the state as folded there', async () => {
    const id = await api.run();
    const ref = { workspaceId: api.own.id, runId: id };
    for (const index of [0, 1, 2]) {
      const key = String(index).padStart(5, '0');
      await api.journal.commit({
        ...ref,
        epoch: 0,
        start: true,
        step: {
          call: {
            stepId: `agent:${index + 1}`,
            nodeId: 'agent',
            op: 'node',
            visit: index + 1,
            key,
          },
          status: 'done',
          attempt: 0,
          outcome: { kind: 'done' },
          deltas: [
            { channel: 'messages', value: { role: 'assistant', content: `message ${index}` } },
          ],
          result: null,
          error: null,
          usage: { modelCalls: 1, toolCalls: 0, inputTokens: 1, outputTokens: 1 },
          memo: {},
          startedAt: Date.now(),
        },
        events: [{ type: 'step.completed', stepId: `agent:${index + 1}`, data: {} }],
      });
    }
    const steps = await api.call('GET', `/v1/runs/${id}/steps`);
    expect(steps.body.items.map(({ stepId }) => stepId)).toEqual(['agent:1', 'agent:2', 'agent:3']);
    const checkpoints = await api.call('GET', `/v1/runs/${id}/checkpoints`);
    expect(checkpoints.body.items).toHaveLength(3);
    const seq = checkpoints.body.items[1]?.seq ?? 0;
    const at = await api.call('GET', `/v1/runs/${id}/checkpoints/${seq}`);
    expect(at.body).toMatchObject({ seq, stepId: 'agent:2' });
    expect(at.body.state.messages).toEqual([
      { role: 'assistant', content: 'message 0' },
      { role: 'assistant', content: 'message 1' },
    ]);
    for (const none of ['99', '-1', 'x', '1.5']) {
      const answer = await api.call('GET', `/v1/runs/${id}/checkpoints/${none}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'checkpoint.not_found']);
    }
  });
});
