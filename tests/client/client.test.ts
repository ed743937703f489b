import { expect, test } from '@jest/globals';
import { createClient, type IngestionEvent, type RunStreamEvent } from '../../client/index.ts';
import { createKnowledge } from '../../client/knowledge.ts';
import { createRuns } from '../../client/runs.ts';
import { createTransport } from '../../client/transport.ts';
import { eventId, type StreamEvent } from '../../contracts/event.ts';
import { startCuttingServer } from './cutting-server.ts';

/** 60 entries with pieces of text between them; multi-byte text, so that cuts fall into it. */
function journal(entries: number): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  for (let seq = 1; seq <= entries; seq += 1) {
    const last = seq === entries;
    events.push({ seq, at: '', type: last ? 'run.succeeded' : 'step.completed', data: { seq } });
    for (let sub = 1; !last && sub <= seq % 4; sub += 1) {
      events.push({ type: 'token', seq, sub, stepId: 's:1', attempt: 1, text: `Grüße ${sub} 🎉` });
    }
  }
  return events;
}

function idOf(event: RunStreamEvent): string {
  return event.type === 'token' ? `${event.seq}.${event.sub}` : String(event.seq);
}

/** Repeatable random numbers from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

test.each([1, 2, 3, 4, 5])(
  'a stream that is cut at random bytes shows every event once and in order (seed %p)',
  async (seed) => {
    const events = journal(60);
    const random = randomFrom(seed);
    await using server = await startCuttingServer(events, (connection) => ({
      cutAfterBytes: Math.floor(random() * 1_500),
      repeat: Math.floor(random() * 4),
      ...(connection % 7 === 3 ? { refuse: 503 } : {}),
    }));
    const transport = createTransport({
      baseUrl: server.baseUrl,
      apiKey: 'k',
      fetch,
      maxRetries: 4,
      // Pauses are counted elsewhere; here they would only make the test slow.
      pacing: { sleep: () => Promise.resolve(), random },
    });
    const seen: RunStreamEvent[] = [];
    for await (const event of createRuns(transport).stream('run_1')) seen.push(event);
    expect(seen.map(idOf)).toEqual(events.map(eventId));
    expect(seen).toEqual(events);
    expect(server.connections()).toBeGreaterThan(5);
  },
);

/** An ingestion that embeds as many batches. */
function story(batches: number): readonly IngestionEvent[] {
  const started = { type: 'ingestion.started', data: { documentId: 'd', revision: 1 } } as const;
  const steps = Array.from({ length: batches }, (_, n) => ({
    type: 'ingestion.step' as const,
    data: { step: 'embed', state: 'running', done: n, total: batches } as const,
  }));
  const events = [started, ...steps, { type: 'ingestion.succeeded', data: {} } as const];
  return events.map((event, index) => ({ ...event, seq: index + 1, at: '' }));
}

test('a stream of an ingestion that is cut at random bytes shows every event once and in order', async () => {
  const events = story(60);
  const random = randomFrom(7);
  await using server = await startCuttingServer(events, () => ({
    cutAfterBytes: Math.floor(random() * 1_500),
    repeat: Math.floor(random() * 4),
  }));
  const transport = createTransport({
    ...{ baseUrl: server.baseUrl, apiKey: 'k', fetch, maxRetries: 4 },
    pacing: { sleep: () => Promise.resolve(), random },
  });
  const seen: IngestionEvent[] = [];
  const told = createKnowledge(transport).ingestionEvents('ing_1');
  for await (const event of told) seen.push(event);
  expect(seen).toEqual(events);
  expect(server.connections()).toBeGreaterThan(5);
});

test('a stream outlasts a restart of the service', async () => {
  const events = journal(30);
  await using server = await startCuttingServer(events, (connection) => ({
    cutAfterBytes: connection === 1 ? 900 : 100_000,
    repeat: 0,
  }));
  const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
  const seen: string[] = [];
  let restarted: Promise<void> | null = null;
  for await (const event of client.runs.stream('run_1')) {
    restarted ??= server.restart(300);
    seen.push(idOf(event));
  }
  await restarted;
  expect(seen).toEqual(events.map(eventId));
});

test('creating and deciding happen once although their answers are lost', async () => {
  await using server = await startCuttingServer([], () => ({ cutAfterBytes: 0, repeat: 0 }));
  const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
  await expect(client.runs.create({ agent: 'a' })).resolves.toEqual({ id: 'run_1' });
  await expect(client.runs.create({ agent: 'a' })).resolves.toEqual({ id: 'run_2' });
  expect(server.made.size).toBe(2);
  await client.humanTasks.decide('task_1', { kind: 'approve' });
  expect([...server.decided.values()]).toEqual(['approve']);
});

test('a wait outlasts a lost connection and reads past the signs of life', async () => {
  await using server = await startCuttingServer([], () => ({ cutAfterBytes: 0, repeat: 0 }));
  const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
  await expect(client.runs.wait('run_1')).resolves.toMatchObject({ status: 'succeeded' });
  expect(server.connections()).toBe(2);
});
