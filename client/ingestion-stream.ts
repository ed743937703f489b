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
  const late = new AbortController();
  const timeOut = (): void => {
    const message = `the ingestion ${ingestionId} has not ended in time`;
    late.abort(new HoldfastError('client.timeout', message));
  };
  if (timeoutMs !== undefined && timeoutMs <= 0) timeOut();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(timeOut, Math.min(timeoutMs, LONGEST_TIMER_MS));
  const signals = options.signal === undefined ? [late.signal] : [options.signal, late.signal];
  const viewer = { ...(userId === undefined ? {} : { userId }), signal: AbortSignal.any(signals) };
  try {
    const events = streamIngestion(transport, ingestionId, viewer);
    while ((await events.next()).done !== true);
    const { signal } = viewer;
    const path = pathOf(ingestionId);
    return await transport.json({ method: 'GET', path, query: { userId }, signal });
  } finally {
    clearTimeout(timer);
  }
}

function pathOf(ingestionId: string): string {
  return `/v1/ingestions/${segment(ingestionId)}`;
}

function isLast({ type }: IngestionEvent): boolean {
  return type !== 'ingestion.started' && type !== 'ingestion.step';
}
