import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from '../contracts/limits.ts';
import { isTerminal } from '../contracts/status.ts';
import { pause } from './pause.ts';
import { responseStop } from './response-stop.ts';
import { endFrame, endOf, frameOf, LAGGING_FRAME, positionOf, REVOKED_FRAME } from './sse-frame.ts';
import { toAppError } from './problem-document.ts';
import type { Run } from '../contracts/records.ts';
import type { RunFollower } from './run-feed.ts';
import type { Services } from './services.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

const PAGE = 200;
const HEARTBEAT = ': heartbeat\n\n';
/** A reader that takes nothing any more is cut off this long after the stream's end. */
const LINGER_MS = 5_000;

/** One reader of a run's events. */
export interface StreamRequest {
  readonly run: Run;
  readonly after: StreamPosition;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Streams the run's events behind a place, in order, each once, and ends with the run. A reader who
 * is too slow gets `lagging` and the end, and may resume; so does one whose key was revoked.
 */
export async function streamRun(services: Services, stream: StreamRequest): Promise<null> {
  const { run, request, response } = stream;
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
  const follower = services.feeds.follow({ workspaceId: run.workspaceId, runId: run.id });
  try {
    if (request.method !== 'HEAD') await pump(services, stream, { follower, signal: stop.signal });
  } finally {
    clearInterval(heartbeat);
    clearInterval(recheck);
    follower[Symbol.dispose]();
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

interface Pump {
  readonly follower: RunFollower;
  readonly signal: AbortSignal;
}

async function pump(services: Services, stream: StreamRequest, pump: Pump): Promise<void> {
  const { run, response } = stream;
  const { follower, signal } = pump;
  // Such a run adds nothing behind its last event, so no event would end the stream.
  if (isTerminal(run.status) && stream.after.seq >= run.lastEventSeq) {
    response.write(endFrame(run.status));
    return;
  }
  const isOver = (): boolean => signal.aborted;
  let at = stream.after;
  while (!isOver()) {
    const events = await readOn(services, pump, at);
    for (const event of events ?? []) {
      if (isOver()) return;
      response.write(frameOf(event));
      at = positionOf(event);
      const end = endOf(event);
      if (end !== null) {
        response.write(endFrame(end));
        return;
      }
      if (!(await keepsUp(response, services.timing.sseDrainMs, signal))) {
        response.write(LAGGING_FRAME);
        return;
      }
    }
    if (events !== null && events.length < PAGE) await follower.changed(signal);
  }
}

/** The next events; null when the database was away: the stream outlasts it. */
async function readOn(services: Services, { follower, signal }: Pump, at: StreamPosition) {
  try {
    return await follower.read(at, PAGE);
  } catch (error) {
    if (toAppError(error).code !== 'service.unavailable') throw error;
    await pause(services.timing.pollMs, signal);
    return null;
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
