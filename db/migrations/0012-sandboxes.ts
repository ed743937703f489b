import { COMMAND_ENDS, SANDBOX_DEATHS, SANDBOX_LEVELS } from '../../contracts/sandbox.ts';
import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';
import { SANDBOX_STATES } from '../../contracts/sandbox-record.ts';

/** Sandboxes, the audit of what ran in them, artifacts, and the workspaces' least level. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table workspaces add column sandbox_min_level text not null default 'process'
    check (sandbox_min_level in (${oneOf(SANDBOX_LEVELS)}))`.execute(db);
  await createSandboxes(db);
  await createAudit(db);
  await sql`
    create table artifacts (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      run_id text collate "C" not null,
      step_id text collate "C",
      name text not null,
      path text collate "C" not null,
      version int not null,
      media_type text not null,
      size_bytes int not null,
      sha256 text collate "C" not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      unique (workspace_id, run_id, path, version),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade,
      foreign key (workspace_id, sha256) references blobs (workspace_id, sha256)
    )`.execute(db);
  await sql`create index artifacts_by_run on artifacts (workspace_id, run_id, id)`.execute(db);
}

async function createSandboxes(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sandboxes (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      run_id text collate "C" not null,
      image text not null,
      level text not null check (level in (${oneOf(SANDBOX_LEVELS)})),
      host text collate "C" not null,
      state text not null check (state in (${oneOf(SANDBOX_STATES)})),
      revision int not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      expires_at timestamptz not null,
      died text check (died in (${oneOf(SANDBOX_DEATHS)})),
      died_at timestamptz,
      primary key (workspace_id, id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade,
      check ((died is not null) = (state = 'dead'))
    )`.execute(db);
  await sql`
    create unique index sandboxes_one_alive on sandboxes (workspace_id, run_id, image)
    where state <> 'dead'`.execute(db);
  await sql`create index sandboxes_by_run on sandboxes (workspace_id, run_id, id)`.execute(db);
  await sql`create index sandboxes_alive on sandboxes (expires_at) where state <> 'dead'`.execute(
    db,
  );
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  // Tells where a chain ends, so that entries missing at its end are noticed too.
  await sql`
    create table sandbox_audits (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      chain text not null check (chain in ('commands', 'requests')),
      length int not null,
      hash text not null,
      primary key (workspace_id, run_id, chain),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create table sandbox_commands (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      seq int not null,
      hash text not null,
      command_id text collate "C" not null,
      sandbox_id text collate "C" not null,
      step_id text collate "C",
      actor text not null,
      command jsonb not null,
      cwd text not null,
      started_at timestamptz not null,
      ended_at timestamptz not null,
      "end" text not null check ("end" in (${oneOf(COMMAND_ENDS)})),
      exit_code int,
      signal text,
      cpu_ms bigint not null,
      max_memory_bytes bigint not null,
      stdout_bytes bigint not null,
      stderr_bytes bigint not null,
      truncated boolean not null,
      primary key (workspace_id, run_id, seq),
      unique (workspace_id, run_id, command_id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create table sandbox_requests (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      seq int not null,
      hash text not null,
      sandbox_id text collate "C" not null,
      step_id text collate "C",
      at timestamptz not null,
      host text not null,
      port int not null,
      allowed boolean not null,
      reason text not null,
      bytes_out bigint not null,
      bytes_in bigint not null,
      primary key (workspace_id, run_id, seq),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
}
