import { streamEvents, type StreamOptions } from './event-stream.ts';
import { HoldfastError } from './holdfast-error.ts';
import type { Ingestion } from '../contracts/knowledge.ts';
import type { IngestionEvent } from '../contracts/ingestion-event.ts';
import { segment } from './request-options.ts';
import type { Transport } from './transport.ts';
import type { ViewerOptions } from './memories.ts';

/** Where a stream of an ingestion begins, and for whom it is. */
export interface IngestionStreamOptions extends StreamOptions, ViewerOptions {}

/** How long to wait for an ingestion. */
export interface IngestionWaitOptions extends ViewerOptions {
  /** Rejects with `client.timeout` when the ingestion has not ended by then; for ever by default. */
  readonly timeoutMs?: number;
}

/** Timers that are set for longer go off at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** An ingestion's events, each once and in order, until it has ended or was deleted. */
export function streamIngestion(
  transport: Transport,
  ingestionId: string,
  { userId, ...options }: IngestionStreamOptions,
): AsyncGenerator<IngestionEvent, void, undefined> {
  const path = `${pathOf(ingestionId)}/events`;
  return streamEvents(transport, { path, query: { userId }, isLast }, options);
}

/** The ingestion once it has ended, however it did. */
export async function waitForIngestion(
  transport: Transport,
  ingestionId: string,
  options: IngestionWaitOptions,
): Promise<Ingestion> {
  const { userId, timeoutMs } = options;
  const stop = new AbortController();
  const timeOut = (): void => {
    const message = `the ingestion ${ingestionId} has not ended in time`;
    stop.abort(new HoldfastError('client.timeout', message));
  };
  const abort = (): void => {
    stop.abort(options.signal?.reason);
  };
  if (options.signal?.aborted === true) abort();
  if (timeoutMs !== undefined && timeoutMs <= 0) timeOut();
  options.signal?.addEventListener('abort', abort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(timeOut, Math.min(timeoutMs, LONGEST_TIMER_MS));
  try {
    return await readToEnd(transport, ingestionId, { userId, signal: stop.signal });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

interface ReadToEnd {
  readonly userId: string | undefined;
  readonly signal: AbortSignal;
}

async function readToEnd(
  transport: Transport,
  ingestionId: string,
  { userId, signal }: ReadToEnd,
): Promise<Ingestion> {
  const path = pathOf(ingestionId);
  const source = { path: `${path}/events`, query: { userId }, isLast };
  for await (const event of streamEvents(transport, source, { signal })) {
    if (isLast(event)) break;
  }
  return transport.json({ method: 'GET', path, query: { userId }, signal });
}

function pathOf(ingestionId: string): string {
  return `/v1/ingestions/${segment(ingestionId)}`;
}

function isLast({ type }: IngestionEvent): boolean {
  return type !== 'ingestion.started' && type !== 'ingestion.step';
}
