import { z } from 'zod';
import { CRAWL_DEFAULTS, CRAWL_PAGE_STATES, CRAWL_STATES } from './crawl.ts';
import type { Crawl, CrawlPage } from './crawl.ts';
import { LIMITS } from './limits.ts';
import { userIdSchema, viewerSchema } from './memory.schema.ts';
import { pageQueryShape } from './query.schema.ts';
import { timeSchema } from './json.schema.ts';

const URL_CHARS = 2_000;

const count = z.number().int();
const prefixes = z
  .array(
    z
      .string()
      .max(URL_CHARS)
      .regex(/^\/(?!\/)/, 'must be a path that begins with one /'),
  )
  .max(LIMITS.crawlPrefixes)
  .optional();

/** A crawl in an answer. */
export const crawlSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    knowledgeBaseId: z.string(),
    url: z.string(),
    maxPages: count,
    maxDepth: count,
    include: z.array(z.string()),
    exclude: z.array(z.string()),
    userId: z.string().nullable(),
    state: z.enum(CRAWL_STATES),
    error: z.string().nullable(),
    pages: z.object({
      queued: count,
      fetched: count,
      unchanged: count,
      skipped: count,
      failed: count,
    }),
    truncated: z
      .boolean()
      .meta({ description: 'links were left out, because maxPages was reached' }),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Crawl' }) satisfies z.ZodType<Crawl>;

/** A page of a crawl in an answer. */
export const crawlPageSchema = z
  .object({
    url: z.string(),
    depth: count,
    state: z.enum(CRAWL_PAGE_STATES),
    reason: z.string().nullable(),
    documentId: z.string().nullable(),
  })
  .meta({ id: 'CrawlPage' }) satisfies z.ZodType<CrawlPage>;

/** Body of `POST /v1/knowledge-bases/{base}/crawls`. */
export const startCrawlSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(URL_CHARS)
      .meta({ description: 'where it begins; the crawl stays on this origin' }),
    maxPages: z
      .number()
      .int()
      .min(1)
      .max(LIMITS.crawlPages)
      .optional()
      .meta({
        description: `pages that are asked for; ${CRAWL_DEFAULTS.maxPages} by default`,
      }),
    maxDepth: z
      .number()
      .int()
      .min(0)
      .max(LIMITS.crawlDepth)
      .optional()
      .meta({
        description: `links from the start page; ${CRAWL_DEFAULTS.maxDepth} by default`,
      }),
    include: prefixes.meta({
      description: 'what paths begin with; without it the folder of the start page',
    }),
    exclude: prefixes.meta({ description: 'what paths do not begin with' }),
    userId: userIdSchema
      .optional()
      .meta({ description: 'the person whose the documents are: nobody else finds them' }),
  })
  .meta({ id: 'StartCrawlRequest' });

/** Query of `GET /v1/knowledge-bases/{base}/crawls`. */
export const listCrawlsQuerySchema = z.strictObject({
  ...pageQueryShape,
  userId: userIdSchema.optional().meta({ description: 'those of this person only' }),
});

/** Query of `GET /v1/crawls/{crawl}/pages`. */
export const crawlPagesQuerySchema = z.strictObject({
  ...pageQueryShape,
  state: z.enum(CRAWL_PAGE_STATES).optional(),
  userId: viewerSchema,
});

/** Body of `POST /v1/knowledge-bases/{base}/crawls`. */
export type StartCrawlRequest = z.infer<typeof startCrawlSchema>;
/** Query of `GET /v1/knowledge-bases/{base}/crawls`. */
export type ListCrawlsQuery = z.infer<typeof listCrawlsQuerySchema>;
/** Query of `GET /v1/crawls/{crawl}/pages`. */
export type CrawlPagesQuery = z.infer<typeof crawlPagesQuerySchema>;
