import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';
import { ROLES } from '../../contracts/status.ts';

/** Workspaces and the keys that act for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table workspaces (
      id text collate "C" primary key,
      name text not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table api_keys (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      name text not null,
      role text not null check (role in (${oneOf(ROLES)})),
      secret_hash bytea not null,
      prefix text not null,
      created_at timestamptz not null default now(),
      revoked_at timestamptz,
      primary key (workspace_id, id),
      -- A key's text names its id alone: the workspace is what the search finds.
      unique (id)
    )`.execute(db);
}
