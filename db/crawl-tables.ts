import type { CrawlPageState, CrawlState, RobotsRule } from '../contracts/crawl.ts';
import type { Nullable, NullableJsonColumn, NullableTimeColumn, TimeColumn } from './columns.ts';
import type { ColumnType, Generated } from 'kysely';

interface CrawlsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly knowledge_base_id: string;
  readonly url: string;
  readonly max_pages: number;
  readonly max_depth: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly user_id: ColumnType<string | null, string | null, never>;
  readonly state: Generated<CrawlState>;
  readonly error: Nullable<string>;
  readonly truncated: Generated<boolean>;
  /** Null until the site's robots.txt was read. */
  readonly robots: NullableJsonColumn<readonly RobotsRule[]>;
  /** What the site wants to lie between two requests. */
  readonly robots_delay_ms: Generated<number>;
  readonly idempotency_key: Nullable<string>;
  readonly request_hash: Nullable<string>;
  readonly started_at: TimeColumn;
  readonly updated_at: TimeColumn;
  readonly ended_at: NullableTimeColumn;
}

interface CrawlPagesTable {
  readonly workspace_id: string;
  readonly crawl_id: string;
  /** From 1, in the order in which pages were met. */
  readonly position: number;
  readonly url: string;
  readonly depth: number;
  readonly state: Generated<CrawlPageState>;
  readonly reason: Nullable<string>;
  readonly document_id: Nullable<string>;
  /** How often it was asked for, the present time included. */
  readonly attempts: Generated<number>;
  readonly updated_at: TimeColumn;
}

/** Tables of crawls by their names. */
export interface CrawlTables {
  readonly crawls: CrawlsTable;
  readonly crawl_pages: CrawlPagesTable;
}
