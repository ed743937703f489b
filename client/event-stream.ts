import { createSseParser, type SseFrame } from './sse-parser.ts';
import { createReconnect } from './reconnect.ts';
import { createStreamCursor, type Numbered, type StreamCursor } from './stream-cursor.ts';
import { HoldfastError } from './holdfast-error.ts';
import { isJsonObject } from '../contracts/json.ts';
import { readText } from './byte-stream.ts';
import type { HttpRequest, Transport } from './transport.ts';

/** Where a stream begins and how it is stopped. */
export interface StreamOptions {
  /** Id of the last event that is known, `12` or, of a run, `12.3`; everything by default. */
  readonly after?: string | number;
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Whose events they are. */
export interface EventSource<Event> extends Pick<HttpRequest, 'path' | 'query'> {
  /** Whether nothing follows the event. */
  readonly isLast: (event: Event) => boolean;
}

/** The service sends a sign of life every five seconds. */
const SILENCE_MS = 30_000;
/** Connections in a row that may skip an event before the stream gives up. */
const MAX_GAPS = 5;

/** How a connection came to its end. */
type Connection = 'ended' | 'cut' | 'lagging' | 'gap';

const CUTS = {
  cut: 'the stream was cut',
  lagging: 'the stream was read too slowly and was cut by the service',
  gap: 'the stream skipped an event',
} as const;

/**
 * Events of one source, each once and in order, until its end. Lost connections, restarts of the
 * service and `lagging` are bridged: the next connection goes on behind the last event delivered.
 */
export async function* streamEvents<Event extends Numbered>(
  transport: Transport,
  source: EventSource<Event>,
  options: StreamOptions,
): AsyncGenerator<Event, void, undefined> {
  const { signal } = options;
  const cursor = createStreamCursor(options.after);
  const reconnect = createReconnect(transport.pacing);
  let gaps = 0;

  for (;;) {
    const before = cursor.id();
    let error: unknown;
    try {
      const { alive } = reconnect;
      const connection = yield* follow({ transport, source, cursor, signal, alive });
      if (connection === 'ended') return;
      error = new HoldfastError('client.network', CUTS[connection]);
      gaps = connection === 'gap' && cursor.id() === before ? gaps + 1 : 0;
    } catch (cause) {
      error = cause;
    }
    if (gaps > MAX_GAPS) throw error;
    await reconnect.pause(error, signal);
  }
}

interface Follow<Event> {
  readonly transport: Transport;
  readonly source: EventSource<Event>;
  readonly cursor: StreamCursor;
  readonly signal: AbortSignal | undefined;
  readonly alive: () => void;
}

/** One connection, from the cursor until the end of the source or of the connection. */
async function* follow<Event extends Numbered>(
  args: Follow<Event>,
): AsyncGenerator<Event, Connection, undefined> {
  const { cursor, signal } = args;
  const parser = createSseParser();
  const body = await open(args);
  for await (const text of readText(body, { silenceMs: SILENCE_MS, signal })) {
    args.alive();
    for (const frame of parser.push(text)) {
      if (frame.event === 'end') return 'ended';
      if (frame.event === 'lagging') return 'lagging';
      // The service is trusted for the rest: its answers are checked where they are made.
      const event = parseEvent(frame) as Event | null;
      const place = event === null ? 'known' : cursor.take(event);
      if (place === 'gap') return 'gap';
      if (event === null || place === 'known') continue;
      yield event;
      if (args.source.isLast(event)) return 'ended';
    }
  }
  return 'cut';
}

async function open({
  transport,
  source: { path, query = {} },
  cursor,
  signal,
}: Follow<never>): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const id = cursor.id();
  const response = await transport.once({
    method: 'GET',
    path,
    query,
    headers: { accept: 'text/event-stream', ...(id === null ? {} : { 'last-event-id': id }) },
    signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.body === null || !type.startsWith('text/event-stream')) {
    const message = `expected an event stream, got ${type === '' ? 'no body' : type}`;
    throw new HoldfastError('client.bad_response', message, { status: response.status });
  }
  return response.body;
}

/** The event in a frame; null for frames that carry none. */
function parseEvent(frame: SseFrame): Numbered | null {
  const parsed = parseJson(frame.data);
  if (!isJsonObject(parsed)) return null;
  const { type, seq } = parsed;
  if (typeof type !== 'string' || typeof seq !== 'number') return null;
  return parsed as unknown as Numbered;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
