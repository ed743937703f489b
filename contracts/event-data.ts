import type { EventType } from './event.ts';
import type { JsonObject } from './json.ts';

/** Data of each kind of journal entry. */
export type EventData = { readonly [T in EventType]: JsonObject };
