import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';
import { RUN_STATUSES } from '../../contracts/status.ts';

/** Threads, their messages, runs and the keys that make accepting a run repeatable. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createThreads(db);
  await createRuns(db);
  await sql`
    create table idempotency_keys (
      workspace_id text collate "C" not null references workspaces (id),
      key text collate "C" not null,
      request_hash text not null,
      run_id text collate "C" not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, key),
      -- Written before its run: whoever waits for the key sees the run as soon as he sees the key.
      foreign key (workspace_id, run_id) references runs (workspace_id, id)
        on delete cascade deferrable initially deferred
    )`.execute(db);
}

async function createThreads(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table threads (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      agent_id text collate "C" not null,
      version_id text collate "C" not null,
      title text not null,
      last_position int not null default 0,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      foreign key (workspace_id, agent_id, version_id)
        references agent_versions (workspace_id, agent_id, id)
    )`.execute(db);
  await sql`
    create table messages (
      workspace_id text collate "C" not null,
      thread_id text collate "C" not null,
      position int not null,
      id text collate "C" not null,
      run_id text collate "C",
      message jsonb not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, thread_id, position),
      foreign key (workspace_id, thread_id) references threads (workspace_id, id) on delete cascade
    )`.execute(db);
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  // Each commit updates its run's row: values are moved out of it early, and it has room to stay
  // in its page.
  await sql`
    create table runs (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      agent_id text collate "C" not null,
      version_id text collate "C" not null,
      thread_id text collate "C",
      thread_position int not null default 0,
      status text not null default 'queued' check (status in (${oneOf(RUN_STATUSES)})),
      epoch int not null default 0,
      last_event_seq int not null default 0,
      last_token_sub int not null default 0,
      open_human_tasks int not null default 0 check (open_human_tasks >= 0),
      model_calls int not null default 0,
      tool_calls int not null default 0,
      input_tokens bigint not null default 0,
      output_tokens bigint not null default 0,
      cancel_requested boolean not null default false,
      start_attempts int not null default 0,
      start_tried_at timestamptz,
      created_by text collate "C" not null,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      input jsonb not null,
      output jsonb,
      error jsonb,
      primary key (workspace_id, id),
      foreign key (workspace_id, agent_id, version_id)
        references agent_versions (workspace_id, agent_id, id),
      foreign key (workspace_id, thread_id) references threads (workspace_id, id)
    ) with (fillfactor = 60, toast_tuple_target = 512)`.execute(db);
  // Partial although no row is left out: while there are no statistics, a look-up by id would skip
  // through the agents of this index instead of using the primary key.
  await sql`
    create index runs_by_agent on runs (workspace_id, agent_id, id)
    where agent_id is not null`.execute(db);
  await sql`
    create index runs_by_thread on runs (workspace_id, thread_id, id)
    where thread_id is not null`.execute(db);
  await sql`
    create unique index runs_one_active_per_thread on runs (workspace_id, thread_id)
    where thread_id is not null and status in ('queued', 'running', 'waiting')`.execute(db);
  await sql`
    create index runs_unfinished on runs (workspace_id, status, id)
    where status in ('queued', 'running', 'waiting')`.execute(db);
  await sql`create index runs_queued on runs (created_at) where status = 'queued'`.execute(db);
}
