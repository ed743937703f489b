import { sql, type Kysely } from 'kysely';

/** Whom a run or a conversation serves: the person whose memories it sees and adds to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table threads add column user_id text`.execute(db);
  await sql`alter table runs add column user_id text`.execute(db);
}
