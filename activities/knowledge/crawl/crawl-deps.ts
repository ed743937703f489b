import type { CrawlStore } from '../../../db/stores/crawl-store.ts';
import type { DocumentParser } from '../../../adapters/documents/port.ts';
import type { GuardedGetConfig } from '../../tools/built-in/http/guarded-get.ts';

/** What crawls work with. */
export interface CrawlDeps {
  readonly crawls: Pick<CrawlStore, 'get' | 'setRobots' | 'claim' | 'unknown' | 'note' | 'end'>;
  readonly parser: Pick<DocumentParser, 'links' | 'formatOf'>;
  readonly http: GuardedGetConfig;
  /** Between two requests of one crawl. */
  readonly pauseMs: number;
  /** Where tests kill the process. */
  readonly crash?: (point: 'before-page-noted' | 'after-page-noted') => void;
}
