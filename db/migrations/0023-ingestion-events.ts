import { sql, type Kysely } from 'kysely';
import { INGESTION_EVENT_TYPES } from '../../contracts/ingestion-event.ts';
import { oneOf } from './one-of.ts';

/** What happened in an ingestion, for those who follow it; ingestions from before have no events. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // The number of the last event: raised under the row's lock, so that numbers have no gaps.
  await sql`alter table ingestions add column events int not null default 0`.execute(db);
  await sql`
    create table ingestion_events (
      workspace_id text collate "C" not null,
      ingestion_id text collate "C" not null,
      seq int not null check (seq > 0),
      type text not null check (type in (${oneOf(INGESTION_EVENT_TYPES)})),
      data jsonb not null,
      created_at timestamptz not null,
      primary key (workspace_id, ingestion_id, seq),
      foreign key (workspace_id, ingestion_id)
        references ingestions (workspace_id, id) on delete cascade
    )`.execute(db);
}
