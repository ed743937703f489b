import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { idsOf, idsTo, openStream } from './sse-client.ts';
import { startTestApi, type TestApi } from './api-harness.ts';
import type { IngestionProgress } from '../../contracts/knowledge.ts';
import { until } from '../harness/until.ts';

/** Hears of changes and never looks by itself. */
let api: TestApi;
/** Is told nothing, so that the clock alone wakes it. */
let deaf: TestApi;

const NEVER_MS = 600_000;
const STREAMS = { sseHeartbeatMs: 30, keyRecheckMs: 100, keyCacheMs: 0 };

beforeAll(async () => {
  api = await startTestApi({ timing: { ...STREAMS, pollMs: NEVER_MS, maxPollMs: NEVER_MS } });
  deaf = await startTestApi({
    listener: { subscribe: () => () => undefined },
    timing: { ...STREAMS, pollMs: 50 },
  });
});
afterAll(async () => {
  await api.stop();
  await deaf.stop();
});

let names = 0;

interface Begun {
  readonly id: string;
  readonly documentId: string;
  readonly step: (done: number) => Promise<void>;
  readonly end: () => Promise<unknown>;
}

/** An ingestion that the test moves on as a worker would. */
async function begin(on: TestApi, userId?: string): Promise<Begun> {
  const { knowledge } = on.deps;
  const made = await knowledge.createBase(on.own.id, { name: `b${(names += 1)}`, description: '' });
  const body = { name: 'a', text: 'x', ...(userId === undefined ? {} : { userId }) };
  const added = await clientOf(on).knowledge.addDocument(made.id, body);
  const id = added.ingestion?.id ?? '';
  const progress = (done: number): IngestionProgress => ({
    ...{ step: 'embed', state: 'running', total: 900 },
    done,
  });
  return {
    id,
    documentId: added.document.id,
    step: (done) => knowledge.ingestionStep(on.own.id, id, progress(done)),
    end: () => knowledge.endIngestion(on.own.id, id, { state: 'succeeded' }),
  };
}

function clientOf(on: TestApi): Client {
  return createClient({ baseUrl: on.url, apiKey: on.own.keys.runner, maxRetries: 0 });
}

interface Opening {
  readonly after?: string;
  readonly query?: string;
  readonly key?: string;
  readonly on?: TestApi;
}

function open(id: string, { after, query = '', key, on = api }: Opening = {}) {
  return openStream(`${on.url}/v1/ingestions/${id}/events${query}`, {
    'x-api-key': key ?? on.own.keys.viewer,
    ...(after === undefined ? {} : { 'last-event-id': after }),
  });
}

describe('a stream of an ingestion', () => {
  test('replays from the first event, follows at once, and ends with the ingestion', async () => {
    const { id, documentId, step, end } = await begin(api);
    await step(64);
    const stream = await open(id);
    await stream.until((frames) => frames.length === 2);
    await until('heartbeats', () => stream.text().includes(': heartbeat\n\n'), 5_000);
    await step(128);
    await stream.until((frames) => frames.length === 3);
    await step(128);
    await end();
    const frames = await stream.toEnd();
    expect(idsOf(frames)).toEqual(idsTo(4));
    expect(frames.map(({ event }) => event)).toEqual([
      'ingestion.started',
      'ingestion.step',
      'ingestion.step',
      'ingestion.succeeded',
      'end',
    ]);
    expect(frames.at(-1)).toEqual({ event: 'end', data: '{"state":"succeeded"}' });
    const [first, second] = frames.map(({ data }) => JSON.parse(data) as unknown);
    expect(first).toMatchObject({ seq: 1, data: { documentId, revision: 1 } });
    expect(second).toMatchObject({
      seq: 2,
      type: 'ingestion.step',
      data: { step: 'embed', state: 'running', done: 64, total: 900 },
    });
  });

  test('is followed by the clock where nobody tells of changes', async () => {
    const { id, step, end } = await begin(deaf);
    const stream = await open(id, { on: deaf });
    await stream.until((frames) => frames.length === 1);
    await step(64);
    await stream.until((frames) => frames.length === 2);
    await end();
    expect((await stream.toEnd()).at(-1)).toEqual({ event: 'end', data: '{"state":"succeeded"}' });
  });

  test('is resumed behind any event, also after the end', async () => {
    const { id, step, end } = await begin(api);
    await step(1);
    await step(2);
    await end();
    for (const [index, seq] of ['0', ...idsTo(4)].entries()) {
      for (const opening of [{ after: seq }, { query: `?after=${seq}` }]) {
        const frames = await (await open(id, opening)).toEnd();
        expect(idsOf(frames)).toEqual(idsTo(4).slice(index));
        expect(frames.at(-1)?.event).toBe('end');
      }
    }
    const both = await (await open(id, { after: '3', query: '?after=1' })).toEnd();
    expect(idsOf(both)).toEqual(['4']);
  });

  test('shows readers who come and go while it is written each event once', async () => {
    const { id, step, end } = await begin(api);
    const total = 250;
    const reader = async (cuts: number): Promise<string[]> => {
      const seen: string[] = [];
      for (let cut = 0; cut < cuts; cut += 1) {
        const at = seen.at(-1);
        const stream = await open(id, at === undefined ? {} : { after: at });
        const goal = 10 + cut * 20;
        const frames = await stream.until(
          (some) => idsOf(some).length >= goal || some.at(-1)?.event === 'end',
        );
        stream.close();
        seen.push(...idsOf(frames));
      }
      const at = seen.at(-1);
      const last = await (await open(id, at === undefined ? {} : { after: at })).toEnd();
      return [...seen, ...idsOf(last)];
    };
    const readers = [0, 1, 2, 3, 3].map(reader);
    for (let n = 0; n < total; n += 1) await step(n);
    await end();
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(idsTo(total + 2));
  });

  test('ends when its document is deleted', async () => {
    const { id, documentId } = await begin(deaf);
    const stream = await open(id, { on: deaf });
    await stream.until((frames) => frames.length === 1);
    await clientOf(deaf).knowledge.deleteDocument(documentId);
    expect((await stream.toEnd()).at(-1)).toEqual({ event: 'end', data: '{"state":"deleted"}' });
  });

  test('ends when its key is revoked', async () => {
    const { key, record } = await api.deps.apiKeys.create(api.own.id, {
      name: 'short-lived',
      role: 'viewer',
    });
    const { id } = await begin(api);
    const stream = await open(id, { key });
    await api.deps.apiKeys.revoke(api.own.id, record.id);
    expect((await stream.toEnd()).at(-1)?.event).toBe('revoked');
    await until('nobody to follow', () => api.followed(id) === 0);
  });

  test('answers HEAD with its headers alone', async () => {
    const { id } = await begin(api);
    const headers = { accept: 'text/event-stream' };
    const answer = await api.call('HEAD', `/v1/ingestions/${id}/events`, { headers });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

test.each([
  ['-1', 'events.bad_cursor'],
  ['abc', 'events.bad_cursor'],
  ['1.2', 'events.bad_cursor'],
  ['999999999999999', 'events.cursor_out_of_range'],
  ['2', 'events.cursor_out_of_range'],
])('events behind %s are refused', async (after, code) => {
  const { id } = await begin(api);
  for (const [headers, query] of [
    [{ accept: 'text/event-stream', 'last-event-id': after }, ''],
    [{ accept: 'text/event-stream' }, `?after=${after}`],
    [{}, `?after=${after}`],
  ] as const) {
    const answer = await api.call('GET', `/v1/ingestions/${id}/events${query}`, { headers });
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  }
});

test('pages of events lead through them and tell when they are complete', async () => {
  const { id, step, end } = await begin(api);
  const page = async (query: string) =>
    (await api.call('GET', `/v1/ingestions/${id}/events${query}`)).body;
  await step(1);
  expect(await page('?limit=1')).toMatchObject({
    items: [{ seq: 1, type: 'ingestion.started' }],
    nextAfter: 1,
    ended: false,
  });
  expect(await page('?after=2')).toEqual({ items: [], nextAfter: 2, ended: false });
  await end();
  expect(await page('?after=1&limit=1')).toMatchObject({ nextAfter: 2, ended: false });
  expect(await page('?after=1')).toMatchObject({
    items: [{ seq: 2 }, { seq: 3, type: 'ingestion.succeeded', data: {} }],
    nextAfter: 3,
    ended: true,
  });
  expect(await page('?limit=0')).toMatchObject({ code: 'request.invalid' });
});

test("events of a person's document are there for this person alone", async () => {
  const { id, end } = await begin(api, 'ada');
  await end();
  const key = api.foreign.keys.admin;
  for (const headers of [{}, { accept: 'text/event-stream' }]) {
    const path = `/v1/ingestions/${id}/events`;
    for (const answer of [
      await api.call('GET', `${path}?userId=bob`, { headers }),
      await api.call('GET', path, { headers, key }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'knowledge.ingestion_not_found']);
    }
    expect((await api.call('GET', `${path}?userId=ada`, { headers })).status).toBe(200);
  }
});

describe('the SDK', () => {
  test('tells of an ingestion as it goes, and waits for its end', async () => {
    const { id, step, end } = await begin(api, 'ada');
    const { knowledge } = clientOf(api);
    const waited = knowledge.waitForIngestion(id, { userId: 'ada' });
    const seen: string[] = [];
    for await (const event of knowledge.ingestionEvents(id, { userId: 'ada' })) {
      seen.push(event.type === 'ingestion.step' ? `embed ${event.data.done}` : event.type);
      if (seen.length === 1) await step(64);
      if (seen.length === 2) await end();
    }
    expect(seen).toEqual(['ingestion.started', 'embed 64', 'ingestion.succeeded']);
    expect(await waited).toMatchObject({ id, state: 'succeeded', lastEventSeq: 3 });
    expect(await knowledge.waitForIngestion(id)).toEqual(await waited);
    const stranger = knowledge.waitForIngestion(id, { userId: 'bob' });
    await expect(stranger).rejects.toMatchObject({ code: 'knowledge.ingestion_not_found' });
  });

  test('gives up when the time is over, or when the document is deleted', async () => {
    const { id, documentId } = await begin(deaf);
    const { knowledge } = clientOf(deaf);
    const short = knowledge.waitForIngestion(id, { timeoutMs: 50 });
    await expect(short).rejects.toMatchObject({ code: 'client.timeout' });
    const reason = new Error('enough');
    const aborted = knowledge.waitForIngestion(id, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    const waiting = knowledge.waitForIngestion(id);
    await knowledge.deleteDocument(documentId);
    await expect(waiting).rejects.toMatchObject({ code: 'knowledge.ingestion_not_found' });
  });
});
