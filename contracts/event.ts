import type { JsonObject } from './json.ts';
import type { OutputStream } from './sandbox.ts';

/** Kinds of journal entries. */
export const EVENT_TYPES = [
  'run.created',
  'run.started',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.cancel_requested',
  'step.started',
  'step.retrying',
  'step.completed',
  'step.failed',
  'step.cancelled',
  'human_task.created',
  'human_task.decided',
  'human_task.expired',
  'human_task.cancelled',
  'artifact.published',
  'context.recalled',
] as const;
/** Kind of a journal entry. */
export type EventType = (typeof EVENT_TYPES)[number];

/** An entry before it has its number. */
export interface EventDraft {
  readonly type: EventType;
  readonly stepId?: string;
  readonly data: JsonObject;
}

/** An entry of a run's journal; `seq` counts 1..n without gaps. */
export interface RunEvent extends EventDraft {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * A piece of a model's text, or of a command's output, while it is written. Not part of the numbered journal: its id is
 * `seq.sub`, behind the entry `seq`; it is pruned once the final message is stored.
 */
export interface TokenEvent {
  readonly type: 'token';
  readonly seq: number;
  readonly sub: number;
  readonly stepId: string;
  readonly attempt: number;
  readonly text: string;
  /** Set on a command's output; absent on a model's text. */
  readonly stream?: OutputStream;
}

/** What a stream delivers. */
export type StreamEvent = RunEvent | TokenEvent;

/** The event's id on the wire: `12`, or `12.3` for a piece of text. */
export function eventId(event: StreamEvent): string {
  return event.type === 'token' ? `${event.seq}.${event.sub}` : String(event.seq);
}
