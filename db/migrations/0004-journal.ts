import { sql, type Kysely } from 'kysely';
import { HUMAN_TASK_STATUSES, STEP_STATUSES } from '../../contracts/status.ts';
import { HUMAN_TASK_KINDS } from '../../contracts/human-task.ts';
import { oneOf } from './one-of.ts';

/** Steps with their checkpoints, events, pieces of text, snapshots, human tasks, blobs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createSteps(db);
  await createEvents(db);
  await createHumanTasks(db);
  await sql`
    create table blobs (
      workspace_id text collate "C" not null references workspaces (id),
      sha256 text collate "C" not null,
      size_bytes int not null,
      content bytea not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, sha256)
    )`.execute(db);
  // Content is deflated already.
  await sql`alter table blobs alter column content set storage external`.execute(db);
}

/** A finished step with its `seq` is a checkpoint: what the state is folded from stands in its row. */
async function createSteps(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table steps (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      epoch int not null,
      step_id text collate "C" not null,
      key text collate "C" not null,
      node_id text not null,
      op text not null check (op in ('node', 'call')),
      visit int not null,
      parent_step_id text,
      call_index int,
      status text not null check (status in (${oneOf(STEP_STATUSES)})),
      attempt int not null,
      seq int,
      started_at timestamptz not null,
      ended_at timestamptz,
      outcome jsonb,
      deltas jsonb,
      result jsonb,
      error jsonb,
      usage jsonb,
      memo jsonb,
      primary key (workspace_id, run_id, epoch, step_id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    ) with (fillfactor = 90)`.execute(db);
  // Partial, so that it never serves a look-up by step id: while there are no statistics, it looks
  // as good as the primary key, and each step would read all that came before it.
  await sql`create index steps_by_key on steps (workspace_id, run_id, epoch, key)
    where deltas is not null`.execute(db);
  await sql`
    create table snapshots (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      epoch int not null,
      key text collate "C" not null,
      state jsonb not null,
      primary key (workspace_id, run_id, epoch, key),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table events (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      seq int not null,
      type text not null,
      step_id text,
      at timestamptz not null,
      data jsonb not null,
      primary key (workspace_id, run_id, seq),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create table event_tokens (
      workspace_id text collate "C" not null,
      run_id text collate "C" not null,
      seq int not null,
      sub int not null,
      step_id text collate "C" not null,
      attempt int not null,
      text text not null,
      primary key (workspace_id, run_id, seq, sub),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
}

async function createHumanTasks(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table human_tasks (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      run_id text collate "C" not null,
      epoch int not null,
      step_id text collate "C" not null,
      kind text not null check (kind in (${oneOf(HUMAN_TASK_KINDS)})),
      status text not null check (status in (${oneOf(HUMAN_TASK_STATUSES)})),
      title text not null,
      description text not null,
      subject jsonb not null,
      form jsonb not null,
      allowed jsonb not null,
      assignees jsonb not null,
      deadline_at timestamptz,
      decision jsonb,
      created_at timestamptz not null,
      settled_at timestamptz,
      primary key (workspace_id, id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`create index human_tasks_by_run on human_tasks (workspace_id, run_id, id)`.execute(db);
  await sql`
    create index human_tasks_open on human_tasks (workspace_id, id) where status = 'open'`.execute(
    db,
  );
}
