import { sql, type Selectable, type Transaction } from 'kysely';
import { addDocument } from './add-document.ts';
import type { CrawlBounds, Robots } from '../../contracts/crawl.ts';
import { endCrawl } from './crawls.ts';
import { insertPages, unknownPages } from './crawl-pages.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { NewDocument } from './documents.ts';
import type { Tables } from '../tables.ts';

/** A page that is to be asked for, and what its crawl may do. */
export interface ClaimedPage {
  readonly bounds: CrawlBounds;
  /** Null until robots.txt was read. */
  readonly robots: Robots | null;
  readonly position: number;
  readonly url: string;
  readonly depth: number;
  /** From 1. */
  readonly attempt: number;
}

/** Where a page leads; of the ones that robots.txt disallows it is only told that they are there. */
export interface FoundLinks {
  readonly depth: number;
  readonly allowed: readonly string[];
  readonly disallowed: readonly string[];
}

/** What reading a page came to. */
export type PageOutcome =
  | {
      readonly kind: 'document';
      readonly document: Pick<NewDocument, 'title' | 'mediaType' | 'content'>;
      readonly links: FoundLinks;
    }
  | { readonly kind: 'skipped'; readonly reason: string; readonly links: FoundLinks }
  | { readonly kind: 'failed'; readonly reason: string };

/** A page's outcome that is to be noted. */
export interface NotePage {
  readonly position: number;
  readonly outcome: PageOutcome;
}

type CrawlRow = Selectable<Tables['crawls']>;
type PageRow = Selectable<Tables['crawl_pages']>;

/** See `CrawlStore.claim`; belongs into a transaction. */
export async function claimPage(
  trx: Transaction<Tables>,
  ref: CrawlRef,
): Promise<ClaimedPage | null> {
  const crawl = await lockRunning(trx, ref);
  if (crawl === null) return null;
  const { rows } = await sql<Pick<PageRow, 'position' | 'url' | 'depth' | 'attempts'>>`
    update crawl_pages p set attempts = p.attempts + 1, updated_at = clock_timestamp()
    where p.workspace_id = ${ref.workspaceId} and p.crawl_id = ${ref.crawlId}
      and p.position = (select q.position from crawl_pages q
        where q.workspace_id = ${ref.workspaceId} and q.crawl_id = ${ref.crawlId}
          and q.state = 'queued' order by q.depth, q.position limit 1)
    returning p.position, p.url, p.depth, p.attempts`.execute(trx);
  const [page] = rows;
  if (page === undefined) return null;
  await touch(trx, ref, false);
  const { position, url, depth, attempts: attempt } = page;
  return { bounds: boundsOf(crawl), robots: robotsOf(crawl), position, url, depth, attempt };
}

/** See `CrawlStore.note`; belongs into a transaction. */
export async function notePage(
  trx: Transaction<Tables>,
  ref: CrawlRef,
  { position, outcome }: NotePage,
): Promise<IngestionRef | null> {
  // The base, the crawl, the document: whoever removes them takes them in this order.
  await lockBase(trx, ref);
  const crawl = await lockRunning(trx, ref);
  const page = crawl === null ? null : await lockQueued(trx, ref, position);
  if (crawl === null || page === null) return null;
  switch (outcome.kind) {
    case 'document': {
      const stored = await addDocument(trx, ref.workspaceId, {
        ...outcome.document,
        knowledgeBaseId: crawl.knowledge_base_id,
        source: page.url,
        ...(crawl.user_id === null ? {} : { userId: crawl.user_id }),
      });
      const state = stored.kind === 'unchanged' ? 'unchanged' : 'fetched';
      const { id: documentId } = stored.document;
      await setOutcome(trx, page, { state, reason: null, document_id: documentId });
      await addLinks(trx, crawl, outcome.links);
      const { workspaceId } = ref;
      if (stored.ingestion === null) return null;
      return { workspaceId, documentId, ingestionId: stored.ingestion.id };
    }
    case 'skipped':
      await setOutcome(trx, page, { state: 'skipped', reason: outcome.reason });
      await addLinks(trx, crawl, outcome.links);
      return null;
    case 'failed':
      await setOutcome(trx, page, { state: 'failed', reason: outcome.reason });
      await touch(trx, ref, false);
      // Without its first page a crawl has found nothing, and whoever began it must see why.
      if (page.depth === 0) {
        const error = `the start page ${page.url} could not be read: ${outcome.reason}`;
        await endCrawl(trx, ref, { state: 'failed', error });
      }
      return null;
  }
}

/** Keeps the crawl's base from being deleted; others add documents to it meanwhile. */
async function lockBase(
  trx: Transaction<Tables>,
  { workspaceId, crawlId }: CrawlRef,
): Promise<void> {
  await sql`
    select 1 from knowledge_bases where workspace_id = ${workspaceId}
      and id = (select knowledge_base_id from crawls
        where workspace_id = ${workspaceId} and id = ${crawlId})
    for key share`.execute(trx);
}

async function lockRunning(trx: Transaction<Tables>, ref: CrawlRef): Promise<CrawlRow | null> {
  const row = await trx
    .selectFrom('crawls')
    .selectAll()
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', ref.crawlId)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** Null where another attempt has noted it. */
async function lockQueued(
  trx: Transaction<Tables>,
  ref: CrawlRef,
  position: number,
): Promise<PageRow | null> {
  const row = await trx
    .selectFrom('crawl_pages')
    .selectAll()
    .where('workspace_id', '=', ref.workspaceId)
    .where('crawl_id', '=', ref.crawlId)
    .where('position', '=', position)
    .where('state', '=', 'queued')
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

async function setOutcome(
  trx: Transaction<Tables>,
  page: PageRow,
  outcome: Pick<PageRow, 'state' | 'reason'> & { readonly document_id?: string },
): Promise<void> {
  await trx
    .updateTable('crawl_pages')
    .set({ ...outcome, updated_at: sql<Date>`clock_timestamp()` })
    .where('workspace_id', '=', page.workspace_id)
    .where('crawl_id', '=', page.crawl_id)
    .where('position', '=', page.position)
    .execute();
}

/** Pages that nobody asks for take no room of those that are; there are as many of them at most. */
async function addLinks(
  trx: Transaction<Tables>,
  crawl: CrawlRow,
  links: FoundLinks,
): Promise<void> {
  const ref = { workspaceId: crawl.workspace_id, crawlId: crawl.id };
  const { rows } = await sql<{ readonly unasked: number; readonly asked: number }>`
    select count(*) filter (where state = 'skipped' and attempts = 0) as unasked,
      count(*) filter (where not (state = 'skipped' and attempts = 0)) as asked
    from crawl_pages where workspace_id = ${ref.workspaceId} and crawl_id = ${ref.crawlId}`.execute(
    trx,
  );
  const { asked = 0, unasked = 0 } = rows[0] ?? {};
  const { depth } = links;
  const fresh = await unknownPages(trx, ref, links.allowed);
  const urls = fresh.slice(0, Math.max(0, crawl.max_pages - asked));
  await insertPages(trx, ref, { urls, depth, state: 'queued', reason: null });
  const closed = await unknownPages(trx, ref, links.disallowed);
  await insertPages(trx, ref, {
    urls: closed.slice(0, Math.max(0, crawl.max_pages - unasked)),
    depth,
    state: 'skipped',
    reason: 'robots.txt disallows it',
  });
  await touch(trx, ref, urls.length < fresh.length);
}

/** A crawl that has written nothing for a while may lack its workflow. */
async function touch(trx: Transaction<Tables>, ref: CrawlRef, truncated: boolean): Promise<void> {
  await sql`
    update crawls set updated_at = clock_timestamp(), truncated = truncated or ${truncated}
    where workspace_id = ${ref.workspaceId} and id = ${ref.crawlId}`.execute(trx);
}

function robotsOf({ robots, robots_delay_ms: delayMs }: CrawlRow): Robots | null {
  return robots === null ? null : { rules: robots, delayMs };
}

function boundsOf(row: CrawlRow): CrawlBounds {
  const { url, include, exclude } = row;
  return { url, include, exclude, maxPages: row.max_pages, maxDepth: row.max_depth };
}
