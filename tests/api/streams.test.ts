import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../contracts/limits.ts';
import { startTestApi, type TestApi } from './api-harness.ts';
import { idsOf, idsTo, openStream, type Frame } from './sse-client.ts';
import { until } from '../harness/until.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi({
    timing: { sseHeartbeatMs: 30, sseDrainMs: 200, keyRecheckMs: 100, keyCacheMs: 0 },
  });
});
afterAll(() => api.stop());

const STEP = (n: number, extra = '') => ({
  type: 'step.completed' as const,
  stepId: `s:${n}`,
  data: { n, extra },
});

function open(runId: string, options: { after?: string; query?: string; key?: string } = {}) {
  return openStream(`${api.url}/v1/runs/${runId}/events${options.query ?? ''}`, {
    'x-api-key': options.key ?? api.own.keys.viewer,
    ...(options.after === undefined ? {} : { 'last-event-id': options.after }),
  });
}

describe('a stream', () => {
  test('replays from the first event, follows, and ends with the run', async () => {
    const id = await api.run();
    await api.append(id, STEP(1), STEP(2));
    const stream = await open(id);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(stream.headers.get('x-accel-buffering')).toBe('no');
    await stream.until((frames) => frames.length >= 3);
    await api.append(id, STEP(3));
    await api.end(id);
    const frames = await stream.toEnd();
    const { body: run } = await api.call('GET', `/v1/runs/${id}`);
    expect(idsOf(frames)).toEqual(idsTo(run.lastEventSeq));
    expect(frames.at(0)).toMatchObject({ id: '1', event: 'run.created' });
    expect(frames.at(-2)?.event).toBe('run.succeeded');
    expect(frames.at(-1)).toEqual({ event: 'end', data: '{"status":"succeeded"}' });
    expect(stream.text()).not.toContain('\r');
    const first = JSON.parse(frames[1]?.data ?? '') as unknown;
    expect(first).toMatchObject({ seq: 2, type: 'step.completed', data: { n: 1 } });
  });

  test('sends headers at once and comments while nothing happens', async () => {
    const id = await api.run();
    const stream = await open(id);
    await until('heartbeats', () => stream.text().includes(': heartbeat\n\n'), 5_000);
    stream.close();
  });

  test('is replayed after the end, from any place, also by `after`', async () => {
    const id = await api.run();
    await api.append(id, STEP(1), STEP(2), STEP(3));
    await api.end(id);
    const all = idsOf(await (await open(id)).toEnd());
    for (const [index, seq] of ['0', ...all].entries()) {
      const resumed = await (await open(id, { after: seq })).toEnd();
      expect(idsOf(resumed)).toEqual(all.slice(index));
      expect(resumed.at(-1)?.event).toBe('end');
      const byQuery = await (await open(id, { query: `?after=${seq}` })).toEnd();
      expect(idsOf(byQuery)).toEqual(all.slice(index));
    }
    const both = await (await open(id, { after: all.at(-2) ?? '', query: '?after=1' })).toEnd();
    expect(idsOf(both)).toEqual(all.slice(-1));
  });

  test.each([
    ['-1', 'events.bad_cursor'],
    ['abc', 'events.bad_cursor'],
    ['1.2.3', 'events.bad_cursor'],
    ['999', 'events.cursor_out_of_range'],
  ])('is refused behind %s', async (after, code) => {
    const id = await api.run();
    for (const [headers, query] of [
      [{ accept: 'text/event-stream', 'last-event-id': after }, ''],
      [{ accept: 'text/event-stream' }, `?after=${after}`],
      [{}, `?after=${after}`],
    ] as const) {
      const answer = await api.call('GET', `/v1/runs/${id}/events${query}`, { headers });
      expect([answer.status, answer.body.code]).toEqual([400, code]);
    }
  });

  test('shows many readers, who come and go while it is written, each event once', async () => {
    const id = await api.run();
    const total = 300;
    const reader = async (cuts: number): Promise<string[]> => {
      const seen: string[] = [];
      for (let cut = 0; ; cut += 1) {
        const at = seen.at(-1);
        const stream = await open(id, at === undefined ? {} : { after: at });
        if (cut < cuts) {
          const goal = 20 + cut * 30;
          const frames = await stream.until((some) => idsOf(some).length >= goal || isOver(some));
          stream.close();
          seen.push(...idsOf(frames));
          if (isOver(frames)) return seen;
        } else return [...seen, ...idsOf(await stream.toEnd())];
      }
    };
    const readers = [0, 0, 1, 2, 3, 4, 5, 5].map(reader);
    for (let n = 0; n < total; n += 3) await api.append(id, STEP(n), STEP(n + 1), STEP(n + 2));
    await api.end(id);
    const { body: run } = await api.call('GET', `/v1/runs/${id}`);
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(idsTo(run.lastEventSeq));
  });

  test('delivers pieces of text in order behind their event, and resumes between them', async () => {
    const id = await api.run();
    const ref = { workspaceId: api.own.id, runId: id };
    await api.append(id, { type: 'step.started', stepId: 's:1', data: {} });
    const stream = await open(id);
    const say = (text: string): void => {
      api.journal.appendToken({ ...ref, stepId: 's:1', attempt: 1, text });
    };
    say('Hel');
    const first = await stream.until((frames) => frames.some(({ event }) => event === 'token'));
    say('lo');
    await stream.until((frames) => textOf(frames) === 'Hello');
    const place = idsOf(first).at(-1) ?? '';
    expect(place).toMatch(/^2\.\d+$/);
    const resumed = await open(id, { after: place });
    await resumed.until((frames) => textOf(frames) === 'lo');
    resumed.close();
    await api.append(id, STEP(1));
    await api.end(id);
    const numbered = idsOf(await stream.toEnd()).filter((seq) => !seq.includes('.'));
    expect(numbered).toEqual(idsTo(numbered.length));
  });

  test('tells a reader who does not read that he lags, and lets him resume', async () => {
    const id = await api.run();
    const big = 'x'.repeat(16_000);
    const writes = 1_000;
    for (let n = 0; n < writes; n += 100) {
      await api.append(id, ...Array.from({ length: 100 }, (_, index) => STEP(n + index, big)));
    }
    await api.end(id);
    const socket = rawStream(api, id);
    socket.pause();
    await until('the stream to begin', () => api.followed(id) > 0);
    await until('the service to give up', () => api.followed(id) === 0);
    const text = await readAll(socket);
    expect(text.length).toBeGreaterThan(LIMITS.sseBufferBytes);
    expect(text).toContain('event: lagging\ndata: {}\n\n');
    expect(text).not.toContain('event: end\n');
    const seen = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1] ?? '');
    expect(seen).toEqual(idsTo(seen.length));
    // Where the machine is busy, a reader who does read may lag as well.
    for (let last = ''; last !== 'end';) {
      const rest = await (await open(id, { after: seen.at(-1) ?? '0' })).toEnd();
      seen.push(...idsOf(rest));
      last = rest.at(-1)?.event ?? '';
      expect(['end', 'lagging']).toContain(last);
    }
    expect(seen).toEqual(idsTo(writes + 2));
  }, 30_000);

  test('ends when its key is revoked', async () => {
    const { key, record } = await api.deps.apiKeys.create(api.own.id, {
      name: 'short-lived',
      role: 'viewer',
    });
    const id = await api.run();
    const stream = await open(id, { key });
    await api.deps.apiKeys.revoke(api.own.id, record.id);
    const frames = await stream.toEnd();
    expect(frames.at(-1)?.event).toBe('revoked');
  });

  test('answers HEAD with its headers alone', async () => {
    const id = await api.run();
    const headers = { accept: 'text/event-stream' };
    const answer = await api.call('HEAD', `/v1/runs/${id}/events`, { headers });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('pages of events', () => {
  test('lead through the journal and tell when it is complete', async () => {
    const id = await api.run();
    await api.append(id, STEP(1), STEP(2), STEP(3));
    const page = async (query: string) =>
      (await api.call('GET', `/v1/runs/${id}/events${query}`)).body;
    expect(await page('?limit=2')).toMatchObject({
      items: [{ seq: 1 }, { seq: 2 }],
      nextAfter: 2,
      ended: false,
    });
    expect(await page('?after=4')).toEqual({ items: [], nextAfter: 4, ended: false });
    await api.end(id);
    expect(await page('?after=2&limit=3')).toMatchObject({
      items: [{ seq: 3 }, { seq: 4 }, { seq: 5 }],
      nextAfter: 5,
      ended: true,
    });
    expect(await page('?after=2&limit=2')).toMatchObject({ nextAfter: 4, ended: false });
  });
});

function isOver(frames: readonly Frame[]): boolean {
  return frames.at(-1)?.event === 'end';
}

function textOf(frames: readonly Frame[]): string {
  return frames
    .filter(({ event }) => event === 'token')
    .map(({ data }) => (JSON.parse(data) as { text: string }).text)
    .join('');
}

/** A connection whose reading the test controls, down to the socket's window. */
function rawStream(to: TestApi, runId: string): Socket {
  const { hostname, port } = new URL(to.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /v1/runs/${runId}/events HTTP/1.1\r\nHost: ${hostname}\r\n` +
      `Accept: text/event-stream\r\nConnection: close\r\nx-api-key: ${to.own.keys.viewer}\r\n\r\n`,
  );
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  // Chunk sizes of the transfer coding stand between the frames; they are lines of hex digits.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replaceAll(/\r\n[0-9a-f]+\r\n/g, '');
}
