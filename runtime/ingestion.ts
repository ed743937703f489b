import type { Config } from './config.ts';
import type { Crash } from './failpoint.ts';
import type { CrawlActivities } from '../activities/knowledge/crawl/crawl-activity-types.ts';
import type { CrawlStore } from '../db/stores/crawl-store.ts';
import { createCrawlActivities } from '../activities/knowledge/crawl/crawl-activities.ts';
import { createIngestionActivities } from '../activities/knowledge/ingestion-activities.ts';
import { createProcessParser } from '../adapters/documents/process-parser.ts';
import type { Embedder } from '../adapters/embedders/port.ts';
import type { IngestionActivities } from '../activities/knowledge/ingestion-activity-types.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';

/** What documents are read with. */
export interface IngestionParts {
  readonly config: Pick<Config, 'tools' | 'crawls'>;
  readonly knowledge: KnowledgeStore;
  readonly crawls: CrawlStore;
  readonly crash: Crash;
  readonly embedderFor: (workspaceId: string) => Embedder;
}

/** What finds documents on sites and turns them into pieces, for a worker to register. */
export function composeIngestion({
  config,
  knowledge,
  crawls,
  crash,
  embedderFor,
}: IngestionParts): IngestionActivities & CrawlActivities {
  const parser = createProcessParser();
  const http = { allowHosts: config.tools.httpAllowHosts };
  return {
    ...createIngestionActivities({ knowledge, embedderFor, parser }),
    ...createCrawlActivities({ crawls, parser, http, pauseMs: config.crawls.pauseMs, crash }),
  };
}
