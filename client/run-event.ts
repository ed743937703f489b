import { isJsonObject } from '../contracts/json.ts';
import type { EventType, RunEvent, TokenEvent } from '../contracts/event.ts';
import type { EventData } from '../contracts/event-data.ts';
import type { SseFrame } from './sse-parser.ts';

/** Entries of a run's journal, with the data of each type: `switch (event.type)` narrows it. */
export type JournalEvent = {
  readonly [T in EventType]: Omit<RunEvent, 'type' | 'data'> & {
    readonly type: T;
    readonly data: EventData[T];
  };
}[EventType];

/** What a run's stream delivers: the journal's entries, and pieces of text between them. */
export type RunStreamEvent = JournalEvent | TokenEvent;

/** The event in a frame; null for frames that carry none. */
export function parseEvent(frame: SseFrame): RunStreamEvent | null {
  const parsed = parseJson(frame.data);
  if (!isJsonObject(parsed)) return null;
  const { type, seq } = parsed;
  if (typeof type !== 'string' || typeof seq !== 'number') return null;
  // The service is trusted for the rest: its answers are checked where they are made.
  return parsed as unknown as RunStreamEvent;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
