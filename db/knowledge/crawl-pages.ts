import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import type { CrawlPage, CrawlPageState } from '../../contracts/crawl.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';
import type { Tables } from '../tables.ts';

/** Pages that a crawl has met together. */
export interface MetPages {
  readonly urls: readonly string[];
  readonly depth: number;
  readonly state: 'queued' | 'skipped';
  /** Why they are skipped. */
  readonly reason: string | null;
}

/** Adds pages that the crawl does not have yet, in their order. */
export async function insertPages(
  trx: Kysely<Tables>,
  { workspaceId, crawlId }: CrawlRef,
  { urls, depth, state, reason }: MetPages,
): Promise<void> {
  if (urls.length === 0) return;
  await sql`
    insert into crawl_pages (workspace_id, crawl_id, position, url, depth, state, reason)
    select ${workspaceId}, ${crawlId}, last.position + met.place, met.url, ${depth}::int, ${state},
      ${reason}::text
    from unnest(${urls}::text[]) with ordinality as met (url, place),
      (select coalesce(max(position), 0) as position from crawl_pages
        where workspace_id = ${workspaceId} and crawl_id = ${crawlId}) last
    on conflict do nothing`.execute(trx);
}

/** See `CrawlStore.unknown`. */
export async function unknownPages(
  kysely: Kysely<Tables>,
  { workspaceId, crawlId }: CrawlRef,
  urls: readonly string[],
): Promise<readonly string[]> {
  if (urls.length === 0) return [];
  const { rows } = await sql<{ readonly url: string }>`
    select met.url from unnest(${urls}::text[]) with ordinality as met (url, place)
    where not exists (select 1 from crawl_pages p
      where p.workspace_id = ${workspaceId} and p.crawl_id = ${crawlId}
        and md5(p.url) = md5(met.url))
    order by met.place`.execute(kysely);
  return rows.map(({ url }) => url);
}

/** See `CrawlStore.pages`. */
export async function listCrawlPages(
  kysely: Kysely<Tables>,
  { workspaceId, crawlId }: CrawlRef,
  { page, state }: { readonly page: PageRequest; readonly state?: CrawlPageState },
): Promise<Page<CrawlPage>> {
  const rows = await kysely
    .selectFrom('crawl_pages')
    .select(['position', 'url', 'depth', 'state', 'reason', 'document_id'])
    .where('workspace_id', '=', workspaceId)
    .where('crawl_id', '=', crawlId)
    .where('position', '>', numberPlace(page) ?? 0)
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'queued'))
    .orderBy('position')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, {
    item: ({ url, depth, state: became, reason, document_id: documentId }) => ({
      ...{ url, depth, state: became, reason, documentId },
    }),
    place: (row) => [row.position],
  });
}
