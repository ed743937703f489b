import { AppError } from '../../../contracts/app-error.ts';
import type { ClaimedPage, FoundLinks, PageOutcome } from '../../../db/knowledge/crawl-work.ts';
import type { CrawlDeps } from './crawl-deps.ts';
import type { CrawlRef } from '../../../contracts/crawl-control.ts';
import type { CrawlStep } from './crawl-activity-types.ts';
import { fetchPage, type FetchedPage } from './fetch-page.ts';
import { findLinks, type RawLinks } from './find-links.ts';
import { isWithin, toPageUrl } from '../../../contracts/page-url.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { readRobotsWords } from '../../../contracts/robots-words.ts';

/** How often a page is asked for, where the site does not answer or a worker dies. */
const MAX_ATTEMPTS = 3;
const TRY_AGAIN = new Set([408, 429, 500, 502, 503, 504]);

/** One page that is being read. */
interface Reading {
  readonly deps: CrawlDeps;
  readonly ref: CrawlRef;
  readonly page: ClaimedPage;
  /** Between two requests: ours, or the site's where that is longer. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** The page is to be asked for again. */
interface Later {
  readonly kind: 'later';
  readonly afterMs: number;
}

/**
 * Asks for the next page and notes it with its document and links. What a dying worker has not noted is
 * asked for again; what it has noted is not.
 */
export async function crawlPage(
  deps: CrawlDeps,
  ref: CrawlRef,
  signal: AbortSignal,
): Promise<CrawlStep> {
  const page = await deps.crawls.claim(ref);
  if (page === null) return { kind: 'ended' };
  const pauseMs = Math.max(deps.pauseMs, page.robots?.delayMs ?? 0);
  const outcome = await readPage({ deps, ref, page, pauseMs, signal });
  if (outcome.kind === 'later') {
    return { kind: 'next', ingestion: null, pauseMs: Math.max(pauseMs, outcome.afterMs) };
  }
  deps.crash?.('before-page-noted');
  const ingestion = await deps.crawls.note(ref, { position: page.position, outcome });
  deps.crash?.('after-page-noted');
  return { kind: 'next', ingestion, pauseMs };
}

async function readPage(reading: Reading): Promise<PageOutcome | Later> {
  const { deps, page, signal } = reading;
  if (page.attempt > MAX_ATTEMPTS) {
    return { kind: 'failed', reason: `${MAX_ATTEMPTS} attempts came to no end` };
  }
  try {
    const reads = (mediaType: string): boolean =>
      deps.parser.formatOf({ mediaType, name: page.url }) !== null;
    const answer = await fetchPage({ url: page.url, signal, reads }, deps.http);
    return await outcomeOf(reading, answer);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (!error.retryable) return { kind: 'failed', reason: error.message };
    return laterOr(reading, error.message, null);
  }
}

async function outcomeOf(reading: Reading, answer: FetchedPage): Promise<PageOutcome | Later> {
  switch (answer.kind) {
    case 'page':
      return documentOf(reading, answer);
    case 'redirect':
      return redirected(reading, answer.location);
    case 'unread': {
      const reason = `pages of type ${answer.mediaType} are not read`;
      return { kind: 'skipped', reason, links: noLinks(reading.page) };
    }
    case 'status': {
      const reason = `the server answers with ${answer.status}`;
      if (!TRY_AGAIN.has(answer.status)) return { kind: 'failed', reason };
      return laterOr(reading, reason, answer.retryAfterMs);
    }
  }
}

/** The page a while later, or its failure once it was asked for often enough. */
function laterOr(
  { page, pauseMs }: Reading,
  reason: string,
  retryAfterMs: number | null,
): PageOutcome | Later {
  if (page.attempt >= MAX_ATTEMPTS) return { kind: 'failed', reason };
  const afterMs = retryAfterMs ?? Math.min(pauseMs * 2 ** page.attempt, LIMITS.crawlWaitMs);
  if (afterMs <= LIMITS.crawlWaitMs) return { kind: 'later', afterMs };
  const limit = LIMITS.crawlWaitMs / 1_000;
  return { kind: 'failed', reason: `${reason} and asks to wait longer than ${limit} s` };
}

async function documentOf(
  reading: Reading,
  { mediaType, bytes, robots }: Extract<FetchedPage, { readonly kind: 'page' }>,
): Promise<PageOutcome> {
  const { deps, page, signal } = reading;
  const { url, depth } = page;
  const isHtml = deps.parser.formatOf({ mediaType, name: url }) === 'html';
  const said = isHtml ? await deps.parser.links(bytes, { mediaType, name: url, signal }) : null;
  const header = readRobotsWords([robots]);
  const hrefs = said === null || said.nofollow || header.nofollow ? [] : said.hrefs;
  const base = toPageUrl(said?.base ?? '', url) ?? url;
  const links = await findLinksOf(reading, { hrefs, base, depth: depth + 1 });
  if (said?.noindex === true || header.noindex) {
    return { kind: 'skipped', reason: 'the page asks not to be indexed', links };
  }
  return {
    kind: 'document',
    document: { title: said?.title ?? url, mediaType, content: bytes },
    links,
  };
}

/** Where a page has moved to is a page of its own, as near to the start as the one that moved. */
async function redirected(reading: Reading, location: string): Promise<PageOutcome> {
  const { page } = reading;
  const { url, depth, bounds } = page;
  const target = toPageUrl(location, url);
  if (target === null || !isWithin(target, bounds)) {
    const reason = `it leads to ${target ?? 'an address that is none'}, which is outside of the crawl`;
    if (depth === 0) return { kind: 'failed', reason };
    return { kind: 'skipped', reason, links: noLinks(page) };
  }
  const links = await findLinksOf(reading, { hrefs: [target], base: url, depth });
  return { kind: 'skipped', reason: `it leads to ${target}`, links };
}

function findLinksOf({ deps, ref, page }: Reading, found: RawLinks): Promise<FoundLinks> {
  return findLinks(deps, ref, { page, found });
}

function noLinks({ depth }: ClaimedPage): FoundLinks {
  return { depth, allowed: [], disallowed: [] };
}
