import { createTransport, type Transport } from './transport.ts';

/** What the fake answers to one request: a response, or a network failure. */
export type FakeAnswer = () => Response | Error;

/** One request that the fake has seen. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A service without a network: answers in turn and keeps what it was asked. */
export interface FakeService {
  readonly fetch: typeof fetch;
  readonly seen: readonly SeenRequest[];
  /** Pauses that the client wanted, in ms; none is really made. */
  readonly pauses: readonly number[];
  readonly transport: Transport;
}

/** A fake that plays these answers, one per request; the script's end is a test's mistake. */
export function createFakeService(answers: readonly FakeAnswer[], maxRetries = 4): FakeService {
  const seen: SeenRequest[] = [];
  const pauses: number[] = [];
  const fakeFetch: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null;
    seen.push({ method: init?.method ?? 'GET', url, headers: new Headers(init?.headers), body });
    init?.signal?.throwIfAborted();
    const answer = answers[seen.length - 1];
    if (answer === undefined) throw new RangeError(`no answer for request ${seen.length}`);
    const result = answer();
    if (result instanceof Error) throw result;
    return result;
  };
  const pacing = {
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
    },
    random: () => 1,
  };
  const options = { baseUrl: 'http://service/', apiKey: 'k', fetch: fakeFetch, maxRetries, pacing };
  return { fetch: fakeFetch, seen, pauses, transport: createTransport(options) };
}

/** A JSON answer. */
export function json(value: unknown, init: ResponseInit = {}): FakeAnswer {
  return () => Response.json(value, init);
}

/** A problem document. */
export function problem(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): FakeAnswer {
  const body = { code, status, detail: `it was ${code}`, instance: 'req_1', problems: [] };
  return json(body, { status, headers });
}

/** A connection that fails. */
export const OFFLINE: FakeAnswer = () => new TypeError('fetch failed');

/** An event stream of these chunks, which then ends, breaks or stays open. */
export function events(
  chunks: readonly string[],
  then: 'end' | 'break' | 'open' = 'end',
): FakeAnswer {
  return () => {
    const waiting = chunks.map((chunk) => new TextEncoder().encode(chunk));
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const chunk = waiting.shift();
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (then === 'end') controller.close();
        else if (then === 'break') controller.error(new TypeError('terminated'));
        return then === 'open' && chunk === undefined ? new Promise(() => undefined) : undefined;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
}
