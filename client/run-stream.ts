import { parseEvent, type RunStreamEvent } from './run-event.ts';
import { createSseParser } from './sse-parser.ts';
import { createReconnect } from './reconnect.ts';
import { createStreamCursor, type StreamCursor } from './stream-cursor.ts';
import { HoldfastError } from './holdfast-error.ts';
import { readText } from './byte-stream.ts';
import { segment } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Where a stream begins and how it is stopped. */
export interface StreamOptions {
  /** Id of the last event that is known, `12` or `12.3`; everything by default. */
  readonly after?: string | number;
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
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
 * A run's events, each once and in order, until the run has ended. Lost connections, restarts of the
 * service and `lagging` are bridged: the next connection goes on behind the last event delivered.
 */
export async function* streamRun(
  transport: Transport,
  runId: string,
  options: StreamOptions,
): AsyncGenerator<RunStreamEvent, void, undefined> {
  const { signal } = options;
  const cursor = createStreamCursor(options.after);
  const reconnect = createReconnect(transport.pacing);
  let gaps = 0;

  for (;;) {
    const before = cursor.id();
    let error: unknown;
    try {
      const connection = yield* follow({
        transport,
        runId,
        cursor,
        signal,
        alive: reconnect.alive,
      });
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

interface Follow {
  readonly transport: Transport;
  readonly runId: string;
  readonly cursor: StreamCursor;
  readonly signal: AbortSignal | undefined;
  readonly alive: () => void;
}

/** One connection, from the cursor until the end of the run or of the connection. */
async function* follow(args: Follow): AsyncGenerator<RunStreamEvent, Connection, undefined> {
  const { cursor, signal } = args;
  const parser = createSseParser();
  const body = await open(args);
  for await (const text of readText(body, { silenceMs: SILENCE_MS, signal })) {
    args.alive();
    for (const frame of parser.push(text)) {
      if (frame.event === 'end') return 'ended';
      if (frame.event === 'lagging') return 'lagging';
      const event = parseEvent(frame);
      const place = event === null ? 'known' : cursor.take(event);
      if (place === 'gap') return 'gap';
      if (event === null || place === 'known') continue;
      yield event;
      if (isLast(event)) return 'ended';
    }
  }
  return 'cut';
}

async function open(args: Follow): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const id = args.cursor.id();
  const response = await args.transport.once({
    method: 'GET',
    path: `/v1/runs/${segment(args.runId)}/events`,
    headers: { accept: 'text/event-stream', ...(id === null ? {} : { 'last-event-id': id }) },
    signal: args.signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.body === null || !type.startsWith('text/event-stream')) {
    const message = `expected an event stream, got ${type === '' ? 'no body' : type}`;
    throw new HoldfastError('client.bad_response', message, { status: response.status });
  }
  return response.body;
}

function isLast(event: RunStreamEvent): boolean {
  return (
    event.type === 'run.succeeded' || event.type === 'run.failed' || event.type === 'run.cancelled'
  );
}
