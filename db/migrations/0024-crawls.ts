import { CRAWL_PAGE_STATES, CRAWL_STATES } from '../../contracts/crawl.ts';
import { sql, type Kysely } from 'kysely';
import { oneOf } from './one-of.ts';

/** Crawls of sites, and the pages that they have met. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createCrawls(db);
  await createPages(db);
}

async function createCrawls(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table crawls (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      knowledge_base_id text collate "C" not null,
      url text collate "C" not null,
      max_pages int not null check (max_pages > 0),
      max_depth int not null check (max_depth >= 0),
      include text[] not null,
      exclude text[] not null,
      user_id text collate "C" check (user_id <> ''),
      state text not null default 'running' check (state in (${oneOf(CRAWL_STATES)})),
      error text,
      truncated boolean not null default false,
      robots jsonb,
      idempotency_key text collate "C",
      request_hash text,
      started_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      ended_at timestamptz,
      primary key (workspace_id, id),
      foreign key (workspace_id, knowledge_base_id)
        references knowledge_bases (workspace_id, id) on delete cascade,
      check ((ended_at is null) = (state = 'running')),
      check ((error is not null) = (state = 'failed')),
      check ((idempotency_key is null) = (request_hash is null))
    )`.execute(db);
  await sql`
    create unique index crawls_by_key on crawls (workspace_id, idempotency_key)
    where idempotency_key is not null`.execute(db);
  await sql`
    create index crawls_by_base on crawls (workspace_id, knowledge_base_id, id)`.execute(db);
  await sql`
    create index crawls_by_user on crawls (workspace_id, user_id)
    where user_id is not null`.execute(db);
  await sql`create index crawls_running on crawls (updated_at) where state = 'running'`.execute(db);
}

async function createPages(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table crawl_pages (
      workspace_id text collate "C" not null,
      crawl_id text collate "C" not null,
      position int not null,
      url text collate "C" not null,
      depth int not null,
      state text not null default 'queued' check (state in (${oneOf(CRAWL_PAGE_STATES)})),
      reason text,
      document_id text collate "C",
      attempts int not null default 0,
      updated_at timestamptz not null default now(),
      primary key (workspace_id, crawl_id, position),
      foreign key (workspace_id, crawl_id)
        references crawls (workspace_id, id) on delete cascade,
      foreign key (workspace_id, document_id)
        references documents (workspace_id, id) on delete set null (document_id),
      check ((reason is not null) = (state in ('skipped', 'failed')))
    )`.execute(db);
  await sql`
    create unique index crawl_pages_by_url
    on crawl_pages (workspace_id, crawl_id, md5(url))`.execute(db);
  await sql`
    create index crawl_pages_queued on crawl_pages (workspace_id, crawl_id, depth, position)
    where state = 'queued'`.execute(db);
  await sql`
    create index crawl_pages_by_document on crawl_pages (workspace_id, document_id)
    where document_id is not null`.execute(db);
}
