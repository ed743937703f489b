import { DOCUMENT_STATES, INGESTION_STATES, INGESTION_STEPS } from '../../contracts/knowledge.ts';
import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';

/** Knowledge bases, their documents, the pieces of these with vectors, and ingestions. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table knowledge_bases (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      name text collate "C" not null,
      description text not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id),
      constraint knowledge_bases_name unique (workspace_id, name)
    )`.execute(db);
  await createDocuments(db);
  await createChunks(db);
  await createIngestions(db);
}

async function createDocuments(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table documents (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      knowledge_base_id text collate "C" not null,
      source text collate "C" not null,
      title text not null,
      media_type text not null,
      user_id text collate "C" check (user_id <> ''),
      state text not null default 'pending' check (state in (${oneOf(DOCUMENT_STATES)})),
      error text,
      content_hash text collate "C" not null,
      size_bytes int not null,
      revision int not null default 1,
      chunks int not null default 0,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (workspace_id, id),
      foreign key (workspace_id, knowledge_base_id) references knowledge_bases (workspace_id, id),
      check ((error is not null) = (state = 'failed'))
    )`.execute(db);
  await sql`
    create unique index documents_by_source
    on documents (workspace_id, knowledge_base_id, md5(source), coalesce(user_id, ''))`.execute(db);
  await sql`
    create index documents_by_base on documents (workspace_id, knowledge_base_id, id)`.execute(db);
  await sql`
    create index documents_by_user on documents (workspace_id, user_id)
    where user_id is not null`.execute(db);
  // Not among the blobs, which others may share: erasing a document takes its bytes with it.
  await sql`
    create table document_contents (
      workspace_id text collate "C" not null,
      document_id text collate "C" not null,
      content bytea not null,
      primary key (workspace_id, document_id),
      foreign key (workspace_id, document_id)
        references documents (workspace_id, id) on delete cascade
    )`.execute(db);
}

async function createChunks(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table chunks (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      document_id text collate "C" not null,
      position int not null,
      page int,
      start_at int not null,
      end_at int not null check (end_at >= start_at),
      headings text[] not null,
      text text not null,
      hash text collate "C" not null,
      version int not null default 1,
      primary key (workspace_id, id),
      -- Pieces change places within a transaction.
      unique (workspace_id, document_id, position) deferrable initially deferred,
      foreign key (workspace_id, document_id)
        references documents (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create table chunk_vectors (
      workspace_id text collate "C" not null,
      chunk_id text collate "C" not null,
      embedder text collate "C" not null,
      revision text collate "C" not null,
      dim int not null check (dim > 0),
      vector bytea not null,
      primary key (workspace_id, chunk_id, embedder, revision),
      foreign key (workspace_id, chunk_id) references chunks (workspace_id, id) on delete cascade,
      check (octet_length(vector) = dim * 4)
    )`.execute(db);
}

async function createIngestions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table ingestions (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      document_id text collate "C" not null,
      revision int not null,
      state text not null default 'running' check (state in (${oneOf(INGESTION_STATES)})),
      error text,
      started_at timestamptz not null default now(),
      ended_at timestamptz,
      primary key (workspace_id, id),
      foreign key (workspace_id, document_id)
        references documents (workspace_id, id) on delete cascade,
      check ((ended_at is null) = (state = 'running'))
    )`.execute(db);
  await sql`
    create unique index ingestions_one_running on ingestions (workspace_id, document_id)
    where state = 'running'`.execute(db);
  await sql`
    create index ingestions_by_document on ingestions (workspace_id, document_id, id)`.execute(db);
  await sql`
    create table ingestion_steps (
      workspace_id text collate "C" not null,
      ingestion_id text collate "C" not null,
      step text not null check (step in (${oneOf(INGESTION_STEPS)})),
      state text not null check (state in (${oneOf(INGESTION_STATES)})),
      done int not null,
      total int,
      updated_at timestamptz not null,
      primary key (workspace_id, ingestion_id, step),
      foreign key (workspace_id, ingestion_id)
        references ingestions (workspace_id, id) on delete cascade
    )`.execute(db);
}
