import { sql, type Kysely } from 'kysely';
import { FILE_KINDS } from '../../contracts/file.ts';
import { oneOf } from './one-of.ts';

/** Spaces of versioned files, their revisions and versions, and locks of paths. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Whoever writes locks his space's row first: writers of a space queue, and none deadlocks.
  await sql`
    create table file_spaces (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      run_id text collate "C" not null,
      last_revision int not null default 0,
      copied_from text collate "C",
      copied_revision int,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      foreign key (workspace_id, run_id) references runs (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`create index file_spaces_by_run on file_spaces (workspace_id, run_id)`.execute(db);
  await sql`
    create table file_revisions (
      workspace_id text collate "C" not null,
      space_id text collate "C" not null,
      revision int not null check (revision > 0),
      key text collate "C",
      step_id text collate "C",
      actor text not null,
      note text not null,
      at timestamptz not null,
      primary key (workspace_id, space_id, revision),
      foreign key (workspace_id, space_id)
        references file_spaces (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create unique index file_revisions_by_key on file_revisions (workspace_id, space_id, key)
    where key is not null`.execute(db);
  await createVersions(db);
  // The row outlives the lock: its token must never go back.
  await sql`
    create table file_locks (
      workspace_id text collate "C" not null,
      space_id text collate "C" not null,
      path text collate "C" not null,
      token int not null,
      holder text,
      expires_at timestamptz not null,
      primary key (workspace_id, space_id, path),
      foreign key (workspace_id, space_id)
        references file_spaces (workspace_id, id) on delete cascade
    )`.execute(db);
}

async function createVersions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table file_versions (
      workspace_id text collate "C" not null,
      space_id text collate "C" not null,
      path text collate "C" not null,
      version int not null check (version > 0),
      revision int not null,
      kind text not null check (kind in (${oneOf(FILE_KINDS)})),
      deleted boolean not null,
      sha256 text collate "C",
      size_bytes int not null,
      mode int not null check (mode between 0 and 4095),
      target text,
      primary key (workspace_id, space_id, path, version),
      foreign key (workspace_id, space_id, revision)
        references file_revisions (workspace_id, space_id, revision) on delete cascade,
      foreign key (workspace_id, sha256) references blobs (workspace_id, sha256),
      check ((sha256 is not null) = (kind = 'file' and not deleted)),
      check ((target is not null) = (kind = 'link' and not deleted))
    )`.execute(db);
  await sql`
    create index file_versions_by_revision
    on file_versions (workspace_id, space_id, revision, path)`.execute(db);
}
