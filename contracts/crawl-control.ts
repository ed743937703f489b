/** A crawl by its ids. */
export interface CrawlRef {
  readonly workspaceId: string;
  readonly crawlId: string;
}

/** Steers the workflows behind crawls. */
export interface CrawlControl {
  /**
   * Starts the workflow of a crawl that was written; starting it again does nothing. `closed`: it was
   * started before, and has closed. Throws `service.unavailable`.
   */
  start(ref: CrawlRef): Promise<'open' | 'closed'>;
  /** Asks the workflow to stop. Nothing, where it has ended. Throws `service.unavailable`. */
  cancel(crawlId: string): Promise<void>;
}
