import {
  createFakeService,
  events,
  json,
  OFFLINE,
  problem,
  type FakeAnswer,
} from './fake-service.ts';
import { describe, expect, test } from '@jest/globals';
import { createKnowledge } from './knowledge.ts';

const entry = (seq: number, type = 'ingestion.step'): string =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, at: '', data: {} })}\n\n`;
const END = 'event: end\ndata: {"state":"succeeded"}\n\n';
const ENDED = { id: 'ing_1', state: 'succeeded' };

async function listen(answers: readonly FakeAnswer[], options: { readonly after?: string } = {}) {
  const service = createFakeService(answers);
  const seen: number[] = [];
  for await (const { seq } of createKnowledge(service.transport).ingestionEvents('i/1', options)) {
    seen.push(seq);
  }
  return { seen, asked: service.seen.map(({ headers }) => headers.get('last-event-id')), service };
}

describe("an ingestion's events", () => {
  test('go on behind the last one when connections are lost, each once', async () => {
    const { seen, asked } = await listen([
      events([entry(1, 'ingestion.started'), entry(2), 'id: 3\nda'], 'break'),
      OFFLINE,
      problem(503, 'service.unavailable'),
      events([entry(2), entry(3), entry(5)], 'open'),
      events([entry(4), entry(5, 'ingestion.failed')], 'open'),
    ]);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual([null, '2', '2', '2', '3']);
  });

  test.each(['ingestion.succeeded', 'ingestion.failed', 'ingestion.cancelled'])(
    'end behind %s without waiting for the connection',
    async (type) => {
      expect((await listen([events([entry(1), entry(2, type)], 'open')])).seen).toEqual([1, 2]);
    },
  );

  test('end at the end frame where there are none', async () => {
    const { seen, asked, service } = await listen([events([END], 'open')], { after: '9' });
    expect([seen, asked]).toEqual([[], ['9']]);
    expect(service.seen[0]?.url).toBe('http://service/v1/ingestions/i%2F1/events');
  });
});

describe('waiting for an ingestion', () => {
  test('outlasts cuts and answers with the ingestion as it ended', async () => {
    const service = createFakeService([
      events([entry(1, 'ingestion.started')], 'break'),
      OFFLINE,
      events([entry(2), entry(3, 'ingestion.succeeded')], 'open'),
      problem(503, 'service.unavailable'),
      json(ENDED),
    ]);
    const knowledge = createKnowledge(service.transport);
    expect(await knowledge.waitForIngestion('ing_1', { userId: 'ada' })).toEqual(ENDED);
    expect(service.seen.map(({ url }) => url.replace('http://service/v1/ingestions', ''))).toEqual([
      '/ing_1/events?userId=ada',
      '/ing_1/events?userId=ada',
      '/ing_1/events?userId=ada',
      '/ing_1?userId=ada',
      '/ing_1?userId=ada',
    ]);
  });

  test.each([{ timeoutMs: 0 }, { timeoutMs: 20 }])(
    'rejects when the time is over: %j',
    async (options) => {
      const service = createFakeService([events([entry(1)], 'open')]);
      const waiting = createKnowledge(service.transport).waitForIngestion('ing_1', options);
      await expect(waiting).rejects.toMatchObject({ code: 'client.timeout' });
    },
  );

  test('rejects with the reason of an abort, before and in the middle', async () => {
    const reason = new Error('enough');
    for (const afterMs of [0, 10]) {
      const service = createFakeService([events([entry(1)], 'open')]);
      const stop = new AbortController();
      const abort = (): void => {
        stop.abort(reason);
      };
      if (afterMs === 0) abort();
      else setTimeout(abort, afterMs);
      const { signal } = stop;
      const waiting = createKnowledge(service.transport).waitForIngestion('ing_1', { signal });
      await expect(waiting).rejects.toBe(reason);
    }
  });

  test('does not wait for one that is not there', async () => {
    const service = createFakeService([problem(404, 'knowledge.ingestion_not_found')]);
    const waiting = createKnowledge(service.transport).waitForIngestion('ing_1');
    await expect(waiting).rejects.toMatchObject({ code: 'knowledge.ingestion_not_found' });
  });
});
