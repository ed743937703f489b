import { describe, expect, test } from '@jest/globals';
import { createFakeService, events, OFFLINE, problem, type FakeAnswer } from './fake-service.ts';
import { createRuns } from './runs.ts';

const entry = (seq: number, type = 'step.completed'): string =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, at: '', data: {} })}\n\n`;
const token = (seq: number, sub: number): string =>
  `id: ${seq}.${sub}\nevent: token\ndata: ${JSON.stringify({ type: 'token', seq, sub, stepId: 's', attempt: 1, text: 'x' })}\n\n`;
const END = 'event: end\ndata: {}\n\n';
const LAGGING = 'event: lagging\ndata: {}\n\n';

interface Told {
  readonly ids: readonly string[];
  readonly asked: readonly (string | null)[];
  readonly pauses: readonly number[];
  readonly error: unknown;
}

async function listen(answers: readonly FakeAnswer[], after?: string): Promise<Told> {
  const service = createFakeService(answers);
  const stream = createRuns(service.transport).stream(
    'run_1',
    after === undefined ? {} : { after },
  );
  const ids: string[] = [];
  let error: unknown = null;
  try {
    for await (const event of stream) {
      ids.push(event.type === 'token' ? `${event.seq}.${event.sub}` : String(event.seq));
    }
  } catch (caught) {
    error = caught;
  }
  const asked = service.seen.map((request) => request.headers.get('last-event-id'));
  return { ids, asked, pauses: service.pauses, error };
}

describe('a stream', () => {
  test('ends after the terminal event without waiting for the connection', async () => {
    const { ids, error } = await listen([
      events([entry(1), entry(2) + entry(3, 'run.succeeded')], 'open'),
    ]);
    expect(ids).toEqual(['1', '2', '3']);
    expect(error).toBeNull();
  });

  test('ends at the end frame of a run that had ended before', async () => {
    const { ids, asked } = await listen([events([END], 'open')], '9');
    expect(ids).toEqual([]);
    expect(asked).toEqual(['9']);
  });

  test.each<{ title: string; cut: FakeAnswer }>([
    { title: 'breaks', cut: events([entry(1), token(1, 1), 'id: 2\nda'], 'break') },
    { title: 'closes', cut: events([entry(1), token(1, 1)], 'end') },
    { title: 'says lagging', cut: events([entry(1), token(1, 1), LAGGING], 'open') },
    { title: 'skips an entry', cut: events([entry(1), token(1, 1), entry(3)], 'open') },
  ])('goes on behind the last event when the connection $title', async ({ cut }) => {
    const { ids, asked, error } = await listen([
      cut,
      OFFLINE,
      problem(503, 'service.unavailable'),
      events([entry(1), token(1, 1), token(1, 2), entry(2), entry(3, 'run.failed')], 'open'),
    ]);
    expect(error).toBeNull();
    expect(ids).toEqual(['1', '1.1', '1.2', '2', '3']);
    expect(asked).toEqual([null, '1.1', '1.1', '1.1']);
  });

  test('backs off while nothing arrives and starts over once something has', async () => {
    const { pauses } = await listen([
      OFFLINE,
      OFFLINE,
      OFFLINE,
      events([': still here\n\n']),
      events([entry(1, 'run.cancelled')]),
    ]);
    expect(pauses).toEqual([250, 500, 1_000, 250]);
  });

  test('gives up on a service that keeps skipping the same event', async () => {
    const { ids, error } = await listen(Array.from({ length: 6 }, () => events([entry(2)])));
    expect(ids).toEqual([]);
    expect(error).toMatchObject({
      code: 'client.network',
      message: expect.stringMatching(/skipped/),
    });
  });

  test.each([
    problem(404, 'run.not_found'),
    problem(400, 'events.cursor_out_of_range'),
    problem(401, 'auth.invalid'),
  ])('does not repeat what cannot succeed (%#)', async (answer) => {
    const { error, asked } = await listen([answer]);
    expect(error).toMatchObject({ name: 'HoldfastError', retryable: false });
    expect(asked).toHaveLength(1);
  });

  test('refuses an answer that is no event stream', async () => {
    const { error } = await listen([() => new Response('<html>')]);
    expect(error).toMatchObject({ code: 'client.bad_response' });
  });

  test('stops with the reason of an abort in the middle of a silence', async () => {
    const service = createFakeService([events([entry(1)], 'open')]);
    const stop = new AbortController();
    const reason = new Error('enough');
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      const stream = createRuns(service.transport).stream('run_1', { signal: stop.signal });
      for await (const event of stream) {
        seen.push(event.seq);
        setTimeout(() => {
          stop.abort(reason);
        }, 5);
      }
    };
    await expect(read()).rejects.toBe(reason);
    expect(seen).toEqual([1]);
  });

  test('gives the connection back when the reader stops early', async () => {
    let cancelled = false;
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(entry(1) + entry(2)));
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const service = createFakeService([
      () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    ]);
    for await (const event of createRuns(service.transport).stream('run_1')) {
      expect(event.seq).toBe(1);
      break;
    }
    expect(cancelled).toBe(true);
  });
});
