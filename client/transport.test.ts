import { describe, expect, test } from '@jest/globals';
import {
  createFakeService,
  events,
  json,
  OFFLINE,
  problem,
  type FakeAnswer,
} from './fake-service.ts';
import { createAgents } from './agents.ts';
import { createHumanTasks } from './human-tasks.ts';
import { createRuns } from './runs.ts';
import { HoldfastError } from './holdfast-error.ts';

const OK = json({ id: 'run_1' }, { status: 201 });

const RETRIED: readonly { readonly title: string; readonly first: FakeAnswer; ms: number }[] = [
  { title: 'a lost connection', first: OFFLINE, ms: 250 },
  { title: '408', first: problem(408, 'request.aborted'), ms: 250 },
  { title: '429 without a hint', first: problem(429, 'request.rate_limited'), ms: 250 },
  {
    title: '429 with seconds',
    first: problem(429, 'request.rate_limited', { 'retry-after': '3' }),
    ms: 3_000,
  },
  {
    title: '429 with milliseconds',
    first: problem(429, 'request.rate_limited', { 'retry-after-ms': '700', 'retry-after': '9' }),
    ms: 700,
  },
  {
    title: '503 that asks for a day',
    first: problem(503, 'service.unavailable', { 'retry-after': '86400' }),
    ms: 60_000,
  },
  { title: '500', first: problem(500, 'internal'), ms: 250 },
  { title: "a proxy's 502", first: () => new Response('<html>', { status: 502 }), ms: 250 },
  { title: 'an answer that broke off', first: events(['{"id"'], 'break'), ms: 250 },
];

describe('a request that makes something', () => {
  test.each(RETRIED)('is repeated with the same key after $title', async ({ first, ms }) => {
    const service = createFakeService([first, OK]);
    await expect(createRuns(service.transport).create({ agent: 'a' })).resolves.toEqual({
      id: 'run_1',
    });
    expect(service.pauses).toEqual([ms]);
    const keys = service.seen.map((request) => request.headers.get('idempotency-key'));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(service.seen[1]?.body).toEqual({ agent: 'a' });
  });

  test.each([400, 401, 404, 409, 413, 422])('is not repeated after %p', async (status) => {
    const service = createFakeService([problem(status, 'run.invalid_input')]);
    await expect(createRuns(service.transport).create({ agent: 'a' })).rejects.toMatchObject({
      status,
      code: 'run.invalid_input',
      requestId: 'req_1',
    });
    expect(service.pauses).toEqual([]);
  });

  test('gives up after as many repetitions as allowed, with growing pauses', async () => {
    const service = createFakeService([OFFLINE, OFFLINE, OFFLINE], 2);
    await expect(createRuns(service.transport).create({ agent: 'a' })).rejects.toMatchObject({
      code: 'client.network',
      retryable: true,
    });
    expect(service.pauses).toEqual([250, 500]);
  });

  test('has a new key for each call, or the one it was given', async () => {
    const service = createFakeService([OK, OK, OK]);
    const runs = createRuns(service.transport);
    await runs.create({ agent: 'a' });
    await runs.create({ agent: 'a' });
    await runs.create({ agent: 'a' }, { idempotencyKey: 'mine' });
    const keys = service.seen.map((request) => request.headers.get('idempotency-key'));
    expect(keys[0]).not.toBe(keys[1]);
    expect(keys[2]).toBe('mine');
  });
});

test('a decision keeps its id over repetitions', async () => {
  const service = createFakeService([OFFLINE, problem(503, 'service.unavailable'), OK]);
  await createHumanTasks(service.transport).decide('task_1', { kind: 'approve' });
  const [first, second, third] = service.seen.map((request) => request.body);
  expect(first).toMatchObject({ kind: 'approve', decisionId: expect.stringMatching(/^dec_/) });
  expect(second).toEqual(first);
  expect(third).toEqual(first);
});

test('an abort rejects with the reason and is not repeated', async () => {
  const service = createFakeService([OK]);
  const reason = new Error('not wanted any more');
  const signal = AbortSignal.abort(reason);
  await expect(createRuns(service.transport).get('run_1', { signal })).rejects.toBe(reason);
  expect(service.seen).toHaveLength(1);
});

test('an answer that is not JSON is named as such', async () => {
  const service = createFakeService([() => new Response('<html>welcome</html>')]);
  await expect(createRuns(service.transport).get('run_1')).rejects.toMatchObject({
    code: 'client.bad_response',
    status: 200,
  });
});

test('a code that this client does not know keeps its text', async () => {
  const service = createFakeService([problem(409, 'future.code')]);
  const error: unknown = await createRuns(service.transport)
    .get('run_1')
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HoldfastError);
  expect(error).toMatchObject({
    code: 'client.unknown_code',
    message: expect.stringMatching(/future.code/),
  });
});

test('names are escaped, queries leave out what is absent, the key is sent', async () => {
  const service = createFakeService([json({}), json({ items: [], nextCursor: null })]);
  const agents = createAgents(service.transport);
  await agents.get('a/b c');
  await agents.list({ limit: 5, cursor: undefined }).page();
  expect(service.seen.map((request) => request.url)).toEqual([
    'http://service/v1/agents/a%2Fb%20c',
    'http://service/v1/agents?limit=5',
  ]);
  expect(service.seen[0]?.headers.get('authorization')).toBe('Bearer k');
});

test('a list is read page after page, and no further than it is wanted', async () => {
  const service = createFakeService([
    json({ items: [1, 2], nextCursor: 'c1' }),
    json({ items: [], nextCursor: 'c2' }),
    json({ items: [3], nextCursor: null }),
    json({ items: [1, 2], nextCursor: 'c1' }),
  ]);
  const agents = createAgents(service.transport);
  const all: unknown[] = [];
  for await (const item of agents.list()) all.push(item);
  expect(all).toEqual([1, 2, 3]);
  expect(service.seen[2]?.url).toBe('http://service/v1/agents?cursor=c2');
  for await (const item of agents.list()) {
    expect(item).toBe(1);
    break;
  }
  expect(service.seen).toHaveLength(4);
});

test('deleting answers with nothing', async () => {
  const service = createFakeService([() => new Response(null, { status: 204 })]);
  await expect(createAgents(service.transport).deleteLabel('a', 'l')).resolves.toBeUndefined();
});

test('what has no key is sent again only if it was surely not done', async () => {
  const limited = createFakeService([problem(429, 'request.rate_limited'), json({ id: 'agt_1' })]);
  await createAgents(limited.transport).create({ name: 'a' });
  expect(limited.seen).toHaveLength(2);
  const lost = createFakeService([OFFLINE]);
  await expect(createAgents(lost.transport).create({ name: 'a' })).rejects.toMatchObject({
    code: 'client.network',
  });
  expect(lost.seen).toHaveLength(1);
});
