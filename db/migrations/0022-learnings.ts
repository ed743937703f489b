import { sql, type Kysely } from 'kysely';
import { LEARNING_STATES } from '../../contracts/learning.ts';
import { oneOf } from './one-of.ts';

/** How far learning from a run is; its texts are here only while they wait to be learnt. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table learnings (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      user_id text,
      state text not null default 'pending' check (state in (${oneOf(LEARNING_STATES)})),
      drafts jsonb,
      outcomes jsonb not null default '[]',
      reason text,
      updated_at timestamptz not null default now(),
      primary key (workspace_id, run_id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create index learnings_by_user on learnings (workspace_id, user_id)
    where user_id is not null`.execute(db);
}
