import { sql, type Kysely } from 'kysely';

/**
 * Steps and events refer to their run by a trigger instead of a foreign key. Only functions that hold
 * the run's row write them, so the run is there; checking each row against it again costs as much as
 * a third of a commit. Deleting a run still takes them along.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function delete_journal_of_run() returns trigger
    language plpgsql
    as $$
    begin
      delete from steps s where s.workspace_id = old.workspace_id and s.run_id = old.id;
      delete from events e where e.workspace_id = old.workspace_id and e.run_id = old.id;
      return null;
    end
    $$`.execute(db);
  await sql`
    create trigger delete_journal after delete on runs
    for each row execute function delete_journal_of_run()`.execute(db);
  await sql`alter table steps drop constraint steps_workspace_id_run_id_fkey`.execute(db);
  await sql`alter table events drop constraint events_workspace_id_run_id_fkey`.execute(db);
}
