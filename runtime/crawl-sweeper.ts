import type { CrawlControl } from '../contracts/crawl-control.ts';
import type { CrawlStore } from '../db/stores/crawl-store.ts';
import type { Logger } from './logger.ts';
import { repeat } from './repeat.ts';
import { sweepQuiet } from './sweep-quiet.ts';

/** What the sweeper of crawls works with. */
export interface CrawlSweeperDeps {
  readonly crawls: Pick<CrawlStore, 'quiet' | 'end'>;
  readonly control: Pick<CrawlControl, 'start'>;
  readonly log: Logger;
  /** Crawls that wrote nothing for this long may lack their workflow. */
  readonly quietMs?: number;
}

const EVERY_MS = 10_000;
const QUIET_MS = 30_000;

/** Starts workflows of crawls whose start was lost. */
export function startCrawlSweeper(deps: CrawlSweeperDeps): AsyncDisposable {
  return repeat(
    EVERY_MS,
    () => sweepCrawls(deps),
    (error) => {
      deps.log.warn({ err: error }, 'looking after crawls failed; it is tried again');
    },
  );
}

/** One pass; answers with how many quiet ones there were. */
export function sweepCrawls({
  crawls,
  control,
  quietMs = QUIET_MS,
}: CrawlSweeperDeps): Promise<number> {
  return sweepQuiet({
    quietMs,
    quiet: (search) => crawls.quiet(search),
    start: (ref) => control.start(ref),
    fail: (ref, error) => crawls.end(ref, { state: 'failed', error }),
  });
}
