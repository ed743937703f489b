import { setImmediate as breathe } from 'node:timers/promises';
import type { ClaimedPage, FoundLinks } from '../../../db/knowledge/crawl-work.ts';
import type { CrawlDeps } from './crawl-deps.ts';
import type { CrawlRef } from '../../../contracts/crawl-control.ts';
import { isAllowed } from './robots.ts';
import { isWithin, toPageUrl } from '../../../contracts/page-url.ts';

/** Addresses as a page has them. */
export interface RawLinks {
  readonly hrefs: readonly string[];
  readonly base: string;
  /** Of the pages that they lead to. */
  readonly depth: number;
}

/** Which of the addresses the crawl has not met yet, divided by what robots.txt says. */
export async function findLinks(
  { crawls }: Pick<CrawlDeps, 'crawls'>,
  ref: CrawlRef,
  { page, found }: { readonly page: ClaimedPage; readonly found: RawLinks },
): Promise<FoundLinks> {
  const { hrefs, base, depth } = found;
  const [allowed, disallowed]: [string[], string[]] = [[], []];
  if (depth > page.bounds.maxDepth) return { depth, allowed, disallowed };
  const urls = new Set(
    hrefs.flatMap((href) => {
      const url = toPageUrl(href, base);
      return url !== null && isWithin(url, page.bounds) ? [url] : [];
    }),
  );
  for (const url of await crawls.unknown(ref, [...urls])) {
    // Many links meet many rules: a worker has other things to do as well.
    await breathe();
    (isAllowed(url, page.robots?.rules ?? []) ? allowed : disallowed).push(url);
  }
  return { depth, allowed, disallowed };
}
