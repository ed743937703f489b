import { sql, type Kysely } from 'kysely';

/** Refused system calls of sandboxes: another chain of a run's audit. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table sandbox_audits drop constraint sandbox_audits_chain_check`.execute(db);
  await sql`
    alter table sandbox_audits add constraint sandbox_audits_chain_check
      check (chain in ('commands', 'requests', 'denials'))`.execute(db);
  await sql`
    create table sandbox_denials (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      seq int not null,
      hash text not null,
      sandbox_id text collate "C" not null,
      step_id text collate "C",
      id text collate "C" not null,
      at timestamptz not null,
      call text not null,
      program text not null,
      pid int not null,
      primary key (workspace_id, run_id, seq),
      unique (workspace_id, run_id, sandbox_id, id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
}
