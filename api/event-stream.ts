import type { IncomingMessage, ServerResponse } from 'node:http';
import { endFrame, LAGGING_FRAME, REVOKED_FRAME } from './sse-frame.ts';
import { LIMITS } from '../contracts/limits.ts';
import { pause } from './pause.ts';
import { responseStop } from './response-stop.ts';
import { toAppError } from './problem-document.ts';
import type { Follower } from './event-feed.ts';
import type { Services } from './services.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

const PAGE = 200;
const HEARTBEAT = ': heartbeat\n\n';
/** A reader that takes nothing any more is cut off this long after the stream's end. */
const LINGER_MS = 5_000;

/** What is streamed: how it is read on, and how its events look on the wire. */
export interface EventSource<Event> {
  readonly follower: Pick<Follower<unknown>, 'changed'>;
  /** What lies behind the position, in order; fewer events than `limit`: that was all. */
  readonly read: (after: StreamPosition, limit: number) => Promise<StreamBatch<Event>>;
  readonly frame: (event: Event) => string;
  readonly position: (event: Event) => StreamPosition;
}

/** Events in order, and what the stream ends with behind the last one; null: it goes on. */
export interface StreamBatch<Event> {
  readonly events: readonly Event[];
  readonly end: Readonly<Record<string, string>> | null;
}

/** One reader of a stream, and where it begins. */
export interface StreamRequest {
  readonly after: StreamPosition;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Streams the events behind a place, in order, each once, and ends with what they tell of. A reader
 * who is too slow gets `lagging` and the end, and may resume; so does one whose key was revoked.
 */
export async function streamEvents<Event>(
  services: Services,
  source: EventSource<Event>,
  stream: StreamRequest,
): Promise<null> {
  const { request, response } = stream;
  const stop = responseStop(response, services.closing);
  openStream(response);
  const heartbeat = setInterval(() => response.write(HEARTBEAT), services.timing.sseHeartbeatMs);
  const recheck = setInterval(() => {
    void services.authenticator.isStillValid(request.headers).then(
      (valid) => {
        if (valid || response.writableEnded) return;
        response.write(REVOKED_FRAME);
        stop.abort();
      },
      () => undefined,
    );
  }, services.timing.keyRecheckMs);
  try {
    if (request.method !== 'HEAD') await pump(services, source, { ...stream, signal: stop.signal });
  } finally {
    clearInterval(heartbeat);
    clearInterval(recheck);
    closeStream(response);
  }
  return null;
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
}

function closeStream(response: ServerResponse): void {
  if (response.destroyed) return;
  response.end();
  const cut = setTimeout(() => response.destroy(), LINGER_MS);
  response.once('close', () => {
    clearTimeout(cut);
  });
}

interface Pump extends Pick<StreamRequest, 'after' | 'response'> {
  readonly signal: AbortSignal;
}

async function pump<Event>(
  services: Services,
  source: EventSource<Event>,
  { after, response, signal }: Pump,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  let at = after;
  while (!isOver()) {
    const { events, end, isAll } = await readOn(services, source, { at, signal });
    for (const [index, event] of events.entries()) {
      if (isOver()) return;
      response.write(source.frame(event));
      at = source.position(event);
      // Who has read so far has the end as well, however slowly he reads.
      if (end !== null && index === events.length - 1) break;
      if (!(await keepsUp(response, services.timing.sseDrainMs, signal))) {
        response.write(LAGGING_FRAME);
        return;
      }
    }
    if (end !== null) {
      if (!isOver()) response.write(endFrame(end));
      return;
    }
    if (isAll) await source.follower.changed(signal);
  }
}

interface ReadOn {
  readonly at: StreamPosition;
  readonly signal: AbortSignal;
}

/** The next events, and whether these are all; none while the database is away, which is outlasted. */
async function readOn<Event>(
  services: Services,
  source: EventSource<Event>,
  { at, signal }: ReadOn,
): Promise<StreamBatch<Event> & { readonly isAll: boolean }> {
  try {
    const batch = await source.read(at, PAGE);
    return { ...batch, isAll: batch.events.length < PAGE };
  } catch (error) {
    if (toAppError(error).code !== 'service.unavailable') throw error;
    await pause(services.timing.pollMs, signal);
    return { events: [], end: null, isAll: false };
  }
}

/** False when the reader leaves more than the buffer unread for too long. */
function keepsUp(response: ServerResponse, drainMs: number, signal: AbortSignal): Promise<boolean> {
  if (response.writableLength <= LIMITS.sseBufferBytes) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve(response.writableLength <= LIMITS.sseBufferBytes);
    };
    const timer = setTimeout(done, drainMs);
    response.once('drain', done);
    signal.addEventListener('abort', done);
  });
}
