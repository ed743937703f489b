import type { CrawlRef } from '../../../contracts/crawl-control.ts';
import type { Failure } from '../../../contracts/app-error.ts';
import type { IngestionRef } from '../../../contracts/ingestion-control.ts';

/** What asking for a page came to: the end of the crawl, or what is to be done before the next one. */
export type CrawlStep =
  | { readonly kind: 'ended' }
  | {
      readonly kind: 'next';
      /** Its workflow wants to be started; null: there is none. */
      readonly ingestion: IngestionRef | null;
      readonly pauseMs: number;
    };

/** How a crawl went, as its workflow saw it. */
export type CrawlOutcome =
  | { readonly state: 'succeeded' | 'cancelled' }
  | { readonly state: 'failed'; readonly failure: Failure };

/** Ends a crawl. */
export interface EndCrawlArgs extends CrawlRef {
  readonly outcome: CrawlOutcome;
}

/** The activities of a crawl, as its workflow calls them. Each may run twice. */
export interface CrawlActivities {
  /** Reads what the site's robots.txt says to us, once for a crawl. */
  readonly readRobots: (ref: CrawlRef) => Promise<void>;
  /** Asks for the next page and notes what became of it. */
  readonly crawlPage: (ref: CrawlRef) => Promise<CrawlStep>;
  /** Notes the end; nothing to note where the crawl is gone or has ended. */
  readonly endCrawl: (args: EndCrawlArgs) => Promise<void>;
}
