import { sql, type Kysely } from 'kysely';
import { FEEDBACK_KINDS } from '../../contracts/feedback.ts';
import { oneOf } from './one-of.ts';

/** What people say about messages of conversations. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table feedback (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      thread_id text collate "C" not null,
      message_id text collate "C" not null,
      run_id text collate "C",
      user_id text collate "C",
      kind text not null check (kind in (${oneOf(FEEDBACK_KINDS)})),
      value jsonb not null,
      comment text not null,
      memory_id text collate "C",
      actor text not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      foreign key (workspace_id, thread_id) references threads (workspace_id, id) on delete cascade
    )`.execute(db);
  // One of a kind from each person: a later one replaces it.
  await sql`
    create unique index feedback_once on feedback
      (workspace_id, thread_id, message_id, coalesce(user_id, ''), kind)`.execute(db);
  await sql`
    create index feedback_by_user on feedback (workspace_id, user_id)
    where user_id is not null`.execute(db);
}
