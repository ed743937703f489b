import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { Crawl, CrawlBounds, CrawlPageState, Robots } from '../../contracts/crawl.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';
import { insertPages } from './crawl-pages.ts';
import { jsonText } from '../json-text.ts';
import { newId } from '../../contracts/ids.ts';
import { requireSameRequest } from '../same-request.ts';
import type { Tables } from '../tables.ts';
import { unknownBase } from './bases.ts';
import { violatesForeignKey } from '../violation.ts';

/** A crawl that is to begin. */
export interface NewCrawl extends CrawlBounds {
  readonly knowledgeBaseId: string;
  readonly userId: string | null;
  /** The same key with the same hash is the same crawl. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
}

/** `existing`: the idempotency key made it before. */
export interface CreatedCrawl {
  readonly kind: 'created' | 'existing';
  readonly crawl: Crawl;
}

/** How a crawl ends. */
export type CrawlEnd =
  | { readonly state: 'succeeded' | 'cancelled' }
  | { readonly state: 'failed'; readonly error: string };

/** Narrows a list of crawls. */
export interface CrawlFilter {
  readonly knowledgeBaseId: string;
  /** Those of this person only. */
  readonly userId?: string;
}

/** See `CrawlStore.create`; belongs into a transaction. */
export async function createCrawl(
  trx: Kysely<Tables>,
  workspaceId: string,
  input: NewCrawl,
): Promise<CreatedCrawl> {
  const id = newId('crawl');
  const inserted = await insertCrawl(trx, { workspaceId, id, input });
  if (!inserted) {
    return { kind: 'existing', crawl: await knownCrawl(trx, workspaceId, input) };
  }
  const start = { urls: [input.url], depth: 0, state: 'queued', reason: null } as const;
  await insertPages(trx, { workspaceId, crawlId: id }, start);
  return { kind: 'created', crawl: await getCrawl(trx, workspaceId, id) };
}

async function insertCrawl(
  trx: Kysely<Tables>,
  crawl: { readonly workspaceId: string; readonly id: string; readonly input: NewCrawl },
): Promise<boolean> {
  const { workspaceId, id, input } = crawl;
  try {
    const row = await trx
      .insertInto('crawls')
      .values({
        workspace_id: workspaceId,
        id,
        knowledge_base_id: input.knowledgeBaseId,
        url: input.url,
        max_pages: input.maxPages,
        max_depth: input.maxDepth,
        include: input.include,
        exclude: input.exclude,
        user_id: input.userId,
        idempotency_key: input.idempotency?.key ?? null,
        request_hash: input.idempotency?.requestHash ?? null,
      })
      // Several requests with one key wait for the first and then find its crawl.
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  } catch (error) {
    if (violatesForeignKey(error)) throw unknownBase(input.knowledgeBaseId);
    throw error;
  }
}

async function knownCrawl(
  trx: Kysely<Tables>,
  workspaceId: string,
  { idempotency }: NewCrawl,
): Promise<Crawl> {
  const row = await trx
    .selectFrom('crawls')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('idempotency_key', '=', idempotency?.key ?? '')
    .executeTakeFirstOrThrow();
  requireSameRequest(row.request_hash, idempotency?.requestHash);
  return withPages(trx, row);
}

/** See `CrawlStore.get`. */
export async function getCrawl(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<Crawl> {
  const row = await kysely
    .selectFrom('crawls')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new AppError('knowledge.crawl_not_found', `no crawl ${id}`);
  return withPages(kysely, row);
}

/** See `CrawlStore.list`. */
export async function listCrawls(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: CrawlFilter; readonly page: PageRequest },
): Promise<Page<Crawl>> {
  const { knowledgeBaseId, userId } = filter;
  const place = textPlace(page);
  const rows = await kysely
    .selectFrom('crawls')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('knowledge_base_id', '=', knowledgeBaseId)
    .$if(place !== null, (query) => query.where('id', '<', place ?? ''))
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
    .orderBy('id', 'desc')
    .limit(rowsToRead(page))
    .execute();
  const found = toPage(rows, page, { item: (row) => row, place: (row) => [row.id] });
  return { ...found, items: await Promise.all(found.items.map((row) => withPages(kysely, row))) };
}

/** See `CrawlStore.end`. */
export async function endCrawl(
  kysely: Kysely<Tables>,
  { workspaceId, crawlId }: CrawlRef,
  end: CrawlEnd,
): Promise<void> {
  await kysely
    .updateTable('crawls')
    .set({
      state: end.state,
      error: end.state === 'failed' ? end.error : null,
      ended_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', crawlId)
    .where('state', '=', 'running')
    .execute();
}

/** See `CrawlStore.setRobots`. */
export async function setRobots(
  kysely: Kysely<Tables>,
  { workspaceId, crawlId }: CrawlRef,
  { rules, delayMs }: Robots,
): Promise<void> {
  await kysely
    .updateTable('crawls')
    .set({
      robots: jsonText(rules),
      robots_delay_ms: delayMs,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', crawlId)
    .where('state', '=', 'running')
    .execute();
}

/** See `CrawlStore.quiet`. */
export async function quietCrawls(
  kysely: Kysely<Tables>,
  { quietMs, limit }: { readonly quietMs: number; readonly limit: number },
): Promise<readonly CrawlRef[]> {
  const { rows } = await sql<CrawlRef>`
    select workspace_id as "workspaceId", id as "crawlId" from crawls
    where state = 'running'
      and updated_at < clock_timestamp() - ${quietMs} * interval '1 millisecond'
    order by updated_at limit ${limit}`.execute(kysely);
  return rows;
}

/** Removes a person's crawls; answers with how many. Belongs into a transaction. */
export async function eraseCrawls(
  trx: Kysely<Tables>,
  { workspaceId, userId }: { readonly workspaceId: string; readonly userId: string },
): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('crawls')
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

const NO_PAGES = { queued: 0, fetched: 0, unchanged: 0, skipped: 0, failed: 0 };

async function withPages(
  kysely: Kysely<Tables>,
  row: Selectable<Tables['crawls']>,
): Promise<Crawl> {
  const { rows } = await sql<{ readonly state: CrawlPageState; readonly pages: number }>`
    select state, count(*) as pages from crawl_pages
    where workspace_id = ${row.workspace_id} and crawl_id = ${row.id} group by state`.execute(
    kysely,
  );
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    knowledgeBaseId: row.knowledge_base_id,
    url: row.url,
    maxPages: row.max_pages,
    maxDepth: row.max_depth,
    include: row.include,
    exclude: row.exclude,
    userId: row.user_id,
    state: row.state,
    error: row.error,
    pages: { ...NO_PAGES, ...Object.fromEntries(rows.map(({ state, pages }) => [state, pages])) },
    truncated: row.truncated,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}
