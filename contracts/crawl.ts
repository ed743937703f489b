/** States of a crawl. */
export const CRAWL_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
/** State of a crawl. */
export type CrawlState = (typeof CRAWL_STATES)[number];

/**
 * What became of a page. `unchanged`: its document has these bytes already. Where the crawl was ended
 * before its time, pages stay `queued`.
 */
export const CRAWL_PAGE_STATES = ['queued', 'fetched', 'unchanged', 'skipped', 'failed'] as const;
/** What became of a page. */
export type CrawlPageState = (typeof CRAWL_PAGE_STATES)[number];

/** Bounds of a crawl that names none. */
export const CRAWL_DEFAULTS = { maxPages: 50, maxDepth: 3 } as const;

/** How far a crawl goes. */
export interface CrawlBounds {
  /** Where it begins; it never leaves the origin. */
  readonly url: string;
  /** Pages that are asked for. */
  readonly maxPages: number;
  /** Links between the start page and the last ones; 0: the start page alone. */
  readonly maxDepth: number;
  /** What paths begin with; none: the folder of the start page. */
  readonly include: readonly string[];
  /** What paths do not begin with; goes before `include`. */
  readonly exclude: readonly string[];
}

/** Pages of a site that are read by following links, each a document of a knowledge base. */
export interface Crawl extends CrawlBounds {
  readonly id: string;
  readonly workspaceId: string;
  readonly knowledgeBaseId: string;
  /** The person whose documents they become. */
  readonly userId: string | null;
  readonly state: CrawlState;
  /** Why it failed; null otherwise. */
  readonly error: string | null;
  /** How many pages there are, by what became of them. */
  readonly pages: Readonly<Record<CrawlPageState, number>>;
  /** Links were left out, because `maxPages` was reached. */
  readonly truncated: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** A page that a crawl has met. */
export interface CrawlPage {
  readonly url: string;
  readonly depth: number;
  readonly state: CrawlPageState;
  /** Why it was skipped or failed; null otherwise. */
  readonly reason: string | null;
  /** Null where it is no document, or one that was deleted since. */
  readonly documentId: string | null;
}

/** What a site's robots.txt says to us. */
export interface Robots {
  readonly rules: readonly RobotsRule[];
  /** What is to lie between two requests, by `Crawl-delay`. */
  readonly delayMs: number;
}

/** A rule of a site's robots.txt; its path may have `*`, and `$` at its end. */
export interface RobotsRule {
  readonly allow: boolean;
  readonly path: string;
}
