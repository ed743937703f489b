import { claimPage, notePage, type ClaimedPage, type NotePage } from '../knowledge/crawl-work.ts';
import {
  createCrawl,
  endCrawl,
  getCrawl,
  listCrawls,
  quietCrawls,
  setRobots,
  type CrawlEnd,
  type CrawlFilter,
  type CreatedCrawl,
  type NewCrawl,
} from '../knowledge/crawls.ts';
import { listCrawlPages, unknownPages } from '../knowledge/crawl-pages.ts';
import type { Crawl, CrawlPage, CrawlPageState, Robots } from '../../contracts/crawl.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';
import type { Database } from '../database.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { Page, PageRequest } from './page.ts';
import type { Tables } from '../tables.ts';
import type { Transaction } from 'kysely';

/** Crawls of sites; those of other workspaces are unknown. */
export interface CrawlStore {
  /** With its start page queued. Throws `knowledge.base_not_found`, `idempotency.key_reused`. */
  create(workspaceId: string, crawl: NewCrawl): Promise<CreatedCrawl>;
  /** Throws `knowledge.crawl_not_found`. */
  get(workspaceId: string, id: string): Promise<Crawl>;
  /** Newest first. */
  list(workspaceId: string, filter: CrawlFilter, page: PageRequest): Promise<Page<Crawl>>;
  /** In the order in which they were met. */
  pages(
    ref: CrawlRef,
    request: { readonly page: PageRequest; readonly state?: CrawlPageState },
  ): Promise<Page<CrawlPage>>;
  /** Keeps what the site's robots.txt says to us, while the crawl runs. */
  setRobots(ref: CrawlRef, robots: Robots): Promise<void>;
  /**
   * The next page to ask for, counted as asked before anybody asks. Null: nothing is left, or the crawl
   * has ended.
   */
  claim(ref: CrawlRef): Promise<ClaimedPage | null>;
  /** Those of the addresses that the crawl has not met. */
  unknown(ref: CrawlRef, urls: readonly string[]): Promise<readonly string[]>;
  /**
   * Notes a page's outcome with its document and its links, all at once; answers with the ingestion
   * that is to be started. Nothing, where the crawl has ended or the page was noted before.
   */
  note(ref: CrawlRef, page: NotePage): Promise<IngestionRef | null>;
  /** The first end stays. */
  end(ref: CrawlRef, end: CrawlEnd): Promise<void>;
  /** Running ones of all workspaces that wrote nothing for a while, quietest first. */
  quiet(search: { readonly quietMs: number; readonly limit: number }): Promise<readonly CrawlRef[]>;
}

/** Crawls on PostgreSQL. */
export function createCrawlStore({ kysely }: Database): CrawlStore {
  const inOne = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    kysely.transaction().execute(work);
  return {
    create: (ws, crawl) => inOne((trx) => createCrawl(trx, ws, crawl)),
    get: (ws, id) => getCrawl(kysely, ws, id),
    list: (ws, filter, page) => listCrawls(kysely, ws, { filter, page }),
    pages: (ref, request) => listCrawlPages(kysely, ref, request),
    setRobots: (ref, robots) => setRobots(kysely, ref, robots),
    claim: (ref) => inOne((trx) => claimPage(trx, ref)),
    unknown: (ref, urls) => unknownPages(kysely, ref, urls),
    note: (ref, page) => inOne((trx) => notePage(trx, ref, page)),
    end: (ref, end) => endCrawl(kysely, ref, end),
    quiet: (search) => quietCrawls(kysely, search),
  };
}
