import { sql, type Kysely } from 'kysely';
import { AGENT_STATUSES } from '../../contracts/status.ts';
import { oneOf } from './one-of.ts';

/** Agents, their immutable versions, labels and the labels' history. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table agents (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      name text collate "C" not null,
      description text not null,
      status text not null check (status in (${oneOf(AGENT_STATUSES)})),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (workspace_id, id),
      unique (workspace_id, name)
    )`.execute(db);
  await sql`
    create table agent_versions (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      agent_id text collate "C" not null,
      number int not null check (number > 0),
      version text collate "C" not null,
      changelog text not null,
      spec jsonb not null,
      plan jsonb not null,
      graph jsonb not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      unique (workspace_id, agent_id, number),
      unique (workspace_id, agent_id, version),
      -- Lets labels, threads and runs refer to a version of their own agent only.
      unique (workspace_id, agent_id, id),
      foreign key (workspace_id, agent_id) references agents (workspace_id, id)
    )`.execute(db);
  await sql`
    create table agent_labels (
      workspace_id text collate "C" not null,
      agent_id text collate "C" not null,
      label text collate "C" not null,
      version_id text collate "C" not null,
      primary key (workspace_id, agent_id, label),
      foreign key (workspace_id, agent_id, version_id)
        references agent_versions (workspace_id, agent_id, id)
    )`.execute(db);
  await sql`
    create table agent_label_changes (
      workspace_id text collate "C" not null,
      agent_id text collate "C" not null,
      id bigint generated always as identity,
      label text collate "C" not null,
      from_version_id text collate "C",
      to_version_id text collate "C",
      changed_by text collate "C",
      changed_at timestamptz not null default now(),
      primary key (workspace_id, agent_id, id),
      foreign key (workspace_id, agent_id) references agents (workspace_id, id)
    )`.execute(db);
}
