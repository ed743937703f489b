import { eventId, type StreamEvent } from '../contracts/event.ts';
import type { RunStatus } from '../contracts/status.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

/** Tells a slow reader that its stream ends here; it resumes behind the last id it has seen. */
export const LAGGING_FRAME = 'event: lagging\ndata: {}\n\n';

/** Tells a reader that its key is no longer valid. */
export const REVOKED_FRAME = 'event: revoked\ndata: {}\n\n';

const FRAMES = new WeakMap<StreamEvent, string>();

const ENDS: Readonly<Partial<Record<StreamEvent['type'], RunStatus>>> = {
  'run.succeeded': 'succeeded',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
};

/** The event on the wire; built once for all who follow the run. */
export function frameOf(event: StreamEvent): string {
  const known = FRAMES.get(event);
  if (known !== undefined) return known;
  const frame = `id: ${eventId(event)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  FRAMES.set(event, frame);
  return frame;
}

/** Closes the stream of a run; without an id, so that a reader's place stays at the last event. */
export function endFrame(status: RunStatus): string {
  return `event: end\ndata: ${JSON.stringify({ status })}\n\n`;
}

/** The status that the event ends the run with; null for all others. */
export function endOf(event: StreamEvent): RunStatus | null {
  return ENDS[event.type] ?? null;
}

/** The event's place in the stream. */
export function positionOf(event: StreamEvent): StreamPosition {
  return { seq: event.seq, sub: event.type === 'token' ? event.sub : 0 };
}
