import { streamEvents, type StreamOptions } from './event-stream.ts';
import type { RunStreamEvent } from './run-event.ts';
import { segment } from './request-options.ts';
import type { Transport } from './transport.ts';

/** A run's events, each once and in order, until the run has ended. */
export function streamRun(
  transport: Transport,
  runId: string,
  options: StreamOptions,
): AsyncGenerator<RunStreamEvent, void, undefined> {
  return streamEvents(transport, { path: `/v1/runs/${segment(runId)}/events`, isLast }, options);
}

function isLast({ type }: RunStreamEvent): boolean {
  return type === 'run.succeeded' || type === 'run.failed' || type === 'run.cancelled';
}
