import type { IngestionProgress } from './knowledge.ts';

/** Kinds of events of an ingestion. */
export const INGESTION_EVENT_TYPES = [
  'ingestion.started',
  'ingestion.step',
  'ingestion.succeeded',
  'ingestion.failed',
  'ingestion.cancelled',
] as const;
/** Kind of an event of an ingestion. */
export type IngestionEventType = (typeof INGESTION_EVENT_TYPES)[number];

/** What each kind of event carries. */
interface IngestionEventData {
  readonly 'ingestion.started': { readonly documentId: string; readonly revision: number };
  /** A step as it is from now on; what is done never shrinks. */
  readonly 'ingestion.step': IngestionProgress;
  readonly 'ingestion.succeeded': Readonly<Record<string, never>>;
  readonly 'ingestion.failed': { readonly error: string };
  readonly 'ingestion.cancelled': Readonly<Record<string, never>>;
}

/** An event of an ingestion before it has its number: `switch (event.type)` narrows its data. */
export type IngestionEventDraft = {
  readonly [T in IngestionEventType]: { readonly type: T; readonly data: IngestionEventData[T] };
}[IngestionEventType];

/** An event of an ingestion; `seq` counts 1..n without gaps, `at` is ISO 8601. */
export type IngestionEvent = IngestionEventDraft & { readonly seq: number; readonly at: string };
