import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';
import { SANDBOX_LEVELS } from '../../contracts/sandbox.ts';

/**
 * Of each image a run may have one living sandbox of each level, the audit tells the level that a
 * command ran at, and artifacts have a description. While this runs, a worker that knows one sandbox
 * per image finds those that live, and gets none anew: its calls are tried again until it is replaced.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index sandboxes_one_alive`.execute(db);
  await sql`
    create unique index sandboxes_one_alive on sandboxes (workspace_id, run_id, image, level)
    where state <> 'dead'`.execute(db);
  // Null where it was not known: hashes of entries before are made without it.
  await sql`
    alter table sandbox_commands add column level text
    check (level in (${oneOf(SANDBOX_LEVELS)}))`.execute(db);
  await sql`alter table artifacts add column description text`.execute(db);
}
