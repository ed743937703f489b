import { AppError } from '../contracts/app-error.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

const CURSOR = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

/** The place that an event id names; absent or empty: before the first event. */
export function parseEventCursor(text: string | undefined): StreamPosition {
  if (text === undefined || text === '') return { seq: 0, sub: 0 };
  const match = CURSOR.exec(text);
  if (match === null) {
    throw new AppError(
      'events.bad_cursor',
      'the cursor is not an event id such as 12 or 12.3; leave it out to read from the start',
    );
  }
  return { seq: Number(match[1]), sub: Number(match[2] ?? 0) };
}

/** The same where events are numbered and have nothing between them. */
export function parseNumberCursor(text: string | undefined): StreamPosition {
  const cursor = parseEventCursor(text);
  if (cursor.sub === 0) return cursor;
  throw new AppError(
    'events.bad_cursor',
    'the cursor is not an event id such as 12; leave it out to read from the start',
  );
}

/** Refuses a place behind the last event: the caller has mixed up whose events they are. */
export function refuseBeyond(cursor: StreamPosition, lastEventSeq: number): void {
  if (cursor.seq <= lastEventSeq) return;
  throw new AppError(
    'events.cursor_out_of_range',
    `the last event is ${lastEventSeq}; ${cursor.seq} lies behind it`,
  );
}
