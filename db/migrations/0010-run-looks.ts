import { sql, type Kysely } from 'kysely';

/**
 * When a run that seems to go on is looked at next, in case that its workflow does not exist any
 * more. Runs that are looked at are pushed back in this order, so that none starves the others.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table runs add column look_at timestamptz not null default now()`.execute(db);
  await sql`
    create index runs_to_look_at on runs (status, look_at)
    where status in ('running', 'waiting')`.execute(db);
}
