import type { EventType, RunEvent, TokenEvent } from '../contracts/event.ts';
import type { EventData } from '../contracts/event-data.ts';

/** Entries of a run's journal, with the data of each type: `switch (event.type)` narrows it. */
export type JournalEvent = {
  readonly [T in EventType]: Omit<RunEvent, 'type' | 'data'> & {
    readonly type: T;
    readonly data: EventData[T];
  };
}[EventType];

/** What a run's stream delivers: the journal's entries, and pieces of text between them. */
export type RunStreamEvent = JournalEvent | TokenEvent;
