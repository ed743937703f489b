import type {
  CrawlPagesQuery,
  ListCrawlsQuery,
  StartCrawlRequest,
} from '../contracts/crawl.schema.ts';
import type { Crawl, CrawlPage } from '../contracts/crawl.ts';
import { createPaged, type Paged } from './paged.ts';
import { idempotencyHeader, segment, type CreateOptions } from './request-options.ts';
import type { Transport } from './transport.ts';
import type { ViewerOptions } from './memories.ts';

/** Sites whose pages become documents. */
export interface Crawls {
  /** Reads a site by following its links; it goes on by itself. */
  crawl(baseId: string, body: StartCrawlRequest, options?: CreateOptions): Promise<Crawl>;
  getCrawl(crawlId: string, options?: ViewerOptions): Promise<Crawl>;
  /** Newest first. */
  listCrawls(baseId: string, query?: ListCrawlsQuery): Paged<Crawl>;
  /** The pages that it has met, in that order. */
  crawlPages(crawlId: string, query?: CrawlPagesQuery): Paged<CrawlPage>;
  /** It adds nothing more. */
  cancelCrawl(crawlId: string, options?: ViewerOptions): Promise<Crawl>;
}

/** The part of `knowledge` that reads sites. */
export function createCrawls(transport: Transport): Crawls {
  const crawlsOf = (baseId: string): string => `/v1/knowledge-bases/${segment(baseId)}/crawls`;
  const pathOf = (crawlId: string): string => `/v1/crawls/${segment(crawlId)}`;
  return {
    crawl: (baseId, body, options = {}) =>
      transport.json({
        method: 'POST',
        path: crawlsOf(baseId),
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
    getCrawl: (crawlId, { userId, signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(crawlId), query: { userId }, signal }),
    listCrawls: (baseId, query = {}) => createPaged(transport, { path: crawlsOf(baseId), query }),
    crawlPages: (crawlId, query = {}) =>
      createPaged(transport, { path: `${pathOf(crawlId)}/pages`, query }),
    cancelCrawl: (crawlId, { userId, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(crawlId)}/cancel`,
        query: { userId },
        signal,
      }),
  };
}
