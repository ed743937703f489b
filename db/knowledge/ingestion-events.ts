import { ENDED_MARK, EVENTS_CHANNEL } from '../notifier.ts';
import type {
  IngestionEvent,
  IngestionEventDraft,
  IngestionEventType,
} from '../../contracts/ingestion-event.ts';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { IngestionState } from '../../contracts/knowledge.ts';
import { jsonText } from '../json-text.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';
import { unknownIngestion } from './unknown-ingestion.ts';

/** Where to read on, and how much. */
export interface IngestionEventRange {
  readonly afterSeq: number;
  readonly limit: number;
}

/** Events of an ingestion, in order. */
export interface IngestionEvents {
  readonly items: readonly IngestionEvent[];
  /** How the ingestion ended, where nothing follows these events; null: more may come. */
  readonly end: IngestionState | null;
}

/**
 * Writes an event in the transaction of the change that it tells of. The row of the ingestion gives
 * it its number and stays locked until the commit, so that numbers have no gaps.
 *
 * The notice shares the transaction, whose commit then takes a lock of the whole database. Journals
 * avoid that, since they commit without end; an ingestion writes an event for every 64 pieces, and
 * pieces of a document are limited.
 */
export async function addEvent(
  trx: Transaction<Tables>,
  { workspaceId, id }: { readonly workspaceId: string; readonly id: string },
  { type, data }: IngestionEventDraft,
): Promise<void> {
  const isLast = type !== 'ingestion.started' && type !== 'ingestion.step';
  await sql`
    with counted as (
      update ingestions set events = events + 1
      where workspace_id = ${workspaceId} and id = ${id}
      returning workspace_id, id, events),
    added as (
      insert into ingestion_events (workspace_id, ingestion_id, seq, type, data, created_at)
      select workspace_id, id, events, ${type}, ${jsonText(data)}::jsonb, clock_timestamp()
      from counted returning ingestion_id)
    select pg_notify(${EVENTS_CHANNEL}, ingestion_id || ${isLast ? ENDED_MARK : ''})
    from added`.execute(trx);
}

interface EventRow {
  readonly state: IngestionState;
  readonly events: number;
  readonly seq: number | null;
  readonly type: IngestionEventType;
  readonly data: IngestionEventDraft['data'];
  readonly created_at: Date;
}

/** See `KnowledgeStore.ingestionEvents`. */
export async function readEvents(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, range }: { readonly id: string; readonly range: IngestionEventRange },
): Promise<IngestionEvents> {
  const { afterSeq, limit } = range;
  // One statement is one snapshot: it never shows an end without the events before it.
  const { rows } = await sql<EventRow>`
    select i.state, i.events, e.seq, e.type, e.data, e.created_at
    from ingestions i
    left join lateral (
      select * from ingestion_events e
      where e.workspace_id = i.workspace_id and e.ingestion_id = i.id and e.seq > ${afterSeq}
      order by e.seq limit ${Math.min(limit, LIMITS.eventsPerPage)}) e on true
    where i.workspace_id = ${workspaceId} and i.id = ${id}
    order by e.seq`.execute(kysely);
  const first = rows[0];
  if (first === undefined) throw unknownIngestion(id);
  const items = rows.flatMap((row) => (row.seq === null ? [] : [fromRow(row, row.seq)]));
  const isComplete = first.state !== 'running' && (items.at(-1)?.seq ?? afterSeq) >= first.events;
  return { items, end: isComplete ? first.state : null };
}

function fromRow({ type, data, created_at }: EventRow, seq: number): IngestionEvent {
  // What a type carries was checked where it was written.
  return { seq, type, at: created_at.toISOString(), data } as IngestionEvent;
}
