import {
  MEMORY_CHANGES,
  MEMORY_KINDS,
  MEMORY_ORIGINS,
  MEMORY_SCOPES,
  MEMORY_STATUSES,
  UNTRUSTED_ORIGINS,
} from '../../contracts/memory.ts';
import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';
import { PROJECTED } from '../../contracts/projection.ts';

/** Memories with their history, sources and vectors, what projections follow, and working memory. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createMemories(db);
  await createMemoryParts(db);
  await createProjections(db);
  await createErasures(db);
  await sql`
    create table working_memory (
      workspace_id text collate "C" not null,
      run_id text collate "C",
      thread_id text collate "C",
      -- Ids say what they name: a run's and a thread's are never the same.
      owner_id text collate "C" not null generated always as (coalesce(run_id, thread_id)) stored,
      key text collate "C" not null,
      user_id text collate "C",
      value jsonb not null,
      size_bytes int not null,
      updated_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (workspace_id, owner_id, key),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade,
      foreign key (workspace_id, thread_id)
        references threads (workspace_id, id) on delete cascade,
      check (num_nonnulls(run_id, thread_id) = 1)
    )`.execute(db);
  await sql`create index working_memory_expired on working_memory (expires_at)`.execute(db);
  await sql`
    create index working_memory_by_user on working_memory (workspace_id, user_id)
    where user_id is not null`.execute(db);
}

async function createMemories(db: Kysely<unknown>): Promise<void> {
  // A use updates its memory's row: it has room to stay in its page.
  await sql`
    create table memories (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      kind text not null check (kind in (${oneOf(MEMORY_KINDS)})),
      scope text not null check (scope in (${oneOf(MEMORY_SCOPES)})),
      user_id text collate "C",
      agent_id text collate "C",
      thread_id text collate "C",
      thread_position int,
      text text not null,
      text_hash text collate "C",
      importance double precision not null check (importance between 0 and 1),
      stability_ms bigint not null check (stability_ms > 0),
      last_access_at timestamptz not null,
      access_count int not null default 0,
      touches timestamptz[] not null default '{}',
      forget_at timestamptz not null,
      valid_at timestamptz not null,
      invalid_at timestamptz,
      superseded_by text collate "C",
      status text not null default 'active' check (status in (${oneOf(MEMORY_STATUSES)})),
      pinned boolean not null default false,
      legal_hold boolean not null default false,
      origin text not null check (origin in (${oneOf(MEMORY_ORIGINS)})),
      trusted boolean not null,
      run_id text collate "C",
      step_id text collate "C",
      message_id text collate "C",
      key text collate "C",
      version int not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      delete_at timestamptz,
      -- When the sweep takes it; what must not be forgotten is never due.
      due_at timestamptz generated always as (
        case
          when status <> 'active' or pinned or legal_hold then null
          when kind <> 'fact' then forget_at
          when invalid_at is null then null
          else greatest(forget_at, invalid_at)
        end) stored,
      primary key (workspace_id, id),
      foreign key (workspace_id, agent_id) references agents (workspace_id, id),
      foreign key (workspace_id, thread_id) references threads (workspace_id, id),
      foreign key (workspace_id, run_id)
        references runs (workspace_id, id) on delete set null (run_id),
      check (scope <> 'user' or user_id is not null),
      check (scope <> 'agent' or agent_id is not null),
      check (scope <> 'thread' or thread_id is not null),
      check (not (trusted and origin in (${oneOf(UNTRUSTED_ORIGINS)}))),
      check ((status = 'deleted') = (text_hash is null)),
      check (status <> 'deleted' or text = ''),
      check ((status = 'archived') = (delete_at is not null)),
      check (invalid_at is null or invalid_at >= valid_at)
    ) with (fillfactor = 85)`.execute(db);
  await createMemoryIndexes(db);
}

async function createMemoryIndexes(db: Kysely<unknown>): Promise<void> {
  // The same is remembered once while it is so.
  await sql`
    create unique index memories_once on memories (workspace_id, text_hash, kind, scope,
      coalesce(user_id, ''), coalesce(agent_id, ''), coalesce(thread_id, ''))
    where status = 'active' and invalid_at is null`.execute(db);
  await sql`
    create unique index memories_by_key on memories (workspace_id, key)
    where key is not null`.execute(db);
  await sql`
    create index memories_by_user on memories (workspace_id, user_id, id)
    where user_id is not null`.execute(db);
  await sql`
    create index memories_by_agent on memories (workspace_id, agent_id, id)
    where agent_id is not null`.execute(db);
  await sql`
    create index memories_by_thread on memories (workspace_id, thread_id, id)
    where thread_id is not null`.execute(db);
  await sql`
    create index memories_by_place on memories (workspace_id, thread_id, thread_position)
    where thread_id is not null`.execute(db);
  await sql`
    create index memories_by_run on memories (workspace_id, run_id)
    where run_id is not null`.execute(db);
  await sql`
    create index memories_due on memories (workspace_id, due_at)
    where due_at is not null`.execute(db);
  await sql`
    create index memories_to_delete on memories (workspace_id, delete_at)
    where delete_at is not null and not pinned and not legal_hold`.execute(db);
}

async function createMemoryParts(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table memory_history (
      workspace_id text collate "C" not null,
      memory_id text collate "C" not null,
      version int not null,
      change text not null check (change in (${oneOf(MEMORY_CHANGES)})),
      text text,
      actor text not null,
      why text not null,
      at timestamptz not null,
      primary key (workspace_id, memory_id, version),
      foreign key (workspace_id, memory_id)
        references memories (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create table memory_sources (
      workspace_id text collate "C" not null,
      memory_id text collate "C" not null,
      source_id text collate "C" not null,
      primary key (workspace_id, memory_id, source_id),
      foreign key (workspace_id, memory_id)
        references memories (workspace_id, id) on delete cascade,
      foreign key (workspace_id, source_id)
        references memories (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create index memory_sources_by_source
    on memory_sources (workspace_id, source_id)`.execute(db);
  await sql`
    create table memory_vectors (
      workspace_id text collate "C" not null,
      memory_id text collate "C" not null,
      embedder text collate "C" not null,
      revision text collate "C" not null,
      dim int not null check (dim > 0),
      vector bytea not null,
      primary key (workspace_id, memory_id, embedder, revision),
      foreign key (workspace_id, memory_id)
        references memories (workspace_id, id) on delete cascade,
      check (octet_length(vector) = dim * 4)
    )`.execute(db);
  await sql`
    create table memory_usage (
      workspace_id text collate "C" not null references workspaces (id),
      active int not null default 0 check (active >= 0),
      max_active int,
      primary key (workspace_id)
    )`.execute(db);
}

async function createProjections(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence projection_seq`.execute(db);
  // One row a subject: no two workers ever apply changes of the same one. It holds no text.
  await sql`
    create table projection_outbox (
      workspace_id text collate "C" not null references workspaces (id),
      subject text not null check (subject in (${oneOf(PROJECTED)})),
      subject_id text collate "C" not null,
      op text not null check (op in ('upsert', 'delete')),
      version int not null,
      seq bigint not null default nextval('projection_seq'),
      xid xid8 not null default pg_current_xact_id(),
      changed_at timestamptz not null default clock_timestamp(),
      done_at timestamptz,
      claimed_until timestamptz,
      attempts int not null default 0,
      last_error text,
      erasure_id text collate "C",
      primary key (workspace_id, subject, subject_id)
    ) with (fillfactor = 85)`.execute(db);
  await sql`
    create index projection_outbox_open on projection_outbox (seq)
    where done_at is null`.execute(db);
  await sql`create index projection_outbox_feed on projection_outbox (xid, seq)`.execute(db);
  await sql`
    create index projection_outbox_done on projection_outbox (done_at)
    where done_at is not null`.execute(db);
  await sql`
    create index projection_outbox_erasure on projection_outbox (workspace_id, erasure_id)
    where erasure_id is not null and done_at is null`.execute(db);
}

async function createErasures(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table erasures (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      subject_hash text not null,
      erased jsonb not null,
      held int not null,
      remaining int not null,
      actor text not null,
      at timestamptz not null,
      primary key (workspace_id, id)
    )`.execute(db);
}
