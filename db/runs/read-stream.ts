import type { EventType, RunEvent, StreamEvent, TokenEvent } from '../../contracts/event.ts';
import type { Database } from '../database.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { OutputStream } from '../../contracts/sandbox.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { StreamPosition } from '../stores/run-store.ts';

/** Where to read on, and how much. */
export interface StreamRange {
  readonly after: StreamPosition;
  readonly limit: number;
}

interface EventRow {
  readonly seq: number;
  readonly type: EventType;
  readonly step_id: string | null;
  readonly at: Date;
  readonly data: JsonObject;
}

interface TokenRow {
  readonly seq: number;
  readonly sub: number;
  readonly step_id: string;
  readonly attempt: number;
  readonly text: string;
  readonly stream: OutputStream | null;
}

const EVENTS = `select seq, type, step_id, at, data from events
  where workspace_id = $1 and run_id = $2 and seq > $3 order by seq limit $4`;
const TOKENS = `select seq, sub, step_id, attempt, text, stream from event_tokens
  where workspace_id = $1 and run_id = $2 and (seq, sub) > ($3, $4) order by seq, sub limit $5`;
/** One statement is one snapshot: a piece of text is never seen without the event before it. */
const STREAM = `select * from (
    (select seq, 0 as sub, type, step_id, at, data, 0 as attempt, null as text,
        null as stream from events
      where workspace_id = $1 and run_id = $2 and seq > $3 order by seq limit $5)
    union all
    (select seq, sub, 'token', step_id, null, null, attempt, text, stream
      from event_tokens
      where workspace_id = $1 and run_id = $2 and (seq, sub) > ($3, $4) order by seq, sub limit $5)
  ) entries order by seq, sub limit $5`;

/** Events behind a number, in order. */
export async function readEvents(
  database: Database,
  { workspaceId, runId }: RunRef,
  { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number },
): Promise<readonly RunEvent[]> {
  const rows = await database.query<EventRow>({
    name: 'read_events',
    text: EVENTS,
    values: [workspaceId, runId, afterSeq, Math.min(limit, LIMITS.eventsPerPage)],
  });
  return rows.map(eventFromRow);
}

/** Pieces of text behind a position, in order. */
export async function readTokens(
  database: Database,
  { workspaceId, runId }: RunRef,
  { after, limit }: StreamRange,
): Promise<readonly TokenEvent[]> {
  const rows = await database.query<TokenRow>({
    name: 'read_tokens',
    text: TOKENS,
    values: [workspaceId, runId, after.seq, after.sub, Math.min(limit, LIMITS.eventsPerPage)],
  });
  return rows.map(tokenFromRow);
}

/** Both, merged in stream order. */
export async function readStream(
  database: Database,
  { workspaceId, runId }: RunRef,
  { after, limit }: StreamRange,
): Promise<readonly StreamEvent[]> {
  const rows = await database.query<EventRow & TokenRow>({
    name: 'read_stream',
    text: STREAM,
    values: [workspaceId, runId, after.seq, after.sub, Math.min(limit, LIMITS.eventsPerPage)],
  });
  return rows.map((row) => (row.sub === 0 ? eventFromRow(row) : tokenFromRow(row)));
}

function eventFromRow(row: EventRow): RunEvent {
  return {
    seq: row.seq,
    type: row.type,
    ...(row.step_id === null ? {} : { stepId: row.step_id }),
    data: row.data,
    at: row.at.toISOString(),
  };
}

function tokenFromRow(row: TokenRow): TokenEvent {
  return {
    type: 'token',
    seq: row.seq,
    sub: row.sub,
    stepId: row.step_id,
    attempt: row.attempt,
    text: row.text,
    ...(row.stream === null ? {} : { stream: row.stream }),
  };
}
