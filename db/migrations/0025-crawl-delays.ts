import { sql, type Kysely } from 'kysely';

/** What a site's robots.txt wants to lie between two requests. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table crawls add column robots_delay_ms int not null default 0
      check (robots_delay_ms >= 0)`.execute(db);
}
