import {
  crawlPageSchema,
  crawlPagesQuerySchema,
  crawlSchema,
  listCrawlsQuerySchema,
  startCrawlSchema,
  type StartCrawlRequest,
} from '../../contracts/crawl.schema.ts';
import { CRAWL_DEFAULTS, type CrawlBounds } from '../../contracts/crawl.ts';
import { defined } from '../defined.ts';
import { idempotencyOf } from '../idempotency.ts';
import { invalidRequest } from '../parse.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import type { Services } from '../services.ts';
import { toPageRequest } from '../paging.ts';
import { toPageUrl } from '../../contracts/page-url.ts';
import { viewerQuerySchema } from '../../contracts/memory.schema.ts';
import { visibleCrawl } from '../memory-access.ts';

const startCrawl = route({
  method: 'POST',
  path: '/v1/knowledge-bases/{base}/crawls',
  permission: 'knowledge:write',
  summary: 'Read a site by following its links, each page as a document of the base',
  body: startCrawlSchema,
  headers: {
    'idempotency-key': 'the same key with the same body answers with the same crawl, status 200',
  },
  answers: {
    200: { description: 'the crawl that the idempotency key began before', schema: crawlSchema },
    201: { description: 'the crawl, which goes on by itself', schema: crawlSchema },
  },
  problems: ['knowledge.base_not_found', 'idempotency.key_reused'],
  handler: async ({ params, body, workspaceId, request }, services) => {
    const { id: knowledgeBaseId } = await services.knowledge.getBase(workspaceId, params.base);
    const path = `/v1/knowledge-bases/${knowledgeBaseId}/crawls`;
    const { kind, crawl } = await services.crawls.create(workspaceId, {
      ...boundsOf(body),
      knowledgeBaseId,
      userId: body.userId ?? null,
      ...idempotencyOf(request, { ...defined(body), path }),
    });
    if (kind === 'created') await start(services, workspaceId, crawl.id);
    const headers = { location: `/v1/crawls/${crawl.id}` };
    return { status: kind === 'created' ? 201 : 200, body: crawl, headers };
  },
});

const listCrawls = route({
  method: 'GET',
  path: '/v1/knowledge-bases/{base}/crawls',
  permission: 'knowledge:read',
  summary: 'List the crawls of a knowledge base, newest first',
  query: listCrawlsQuerySchema,
  answers: { 200: { description: 'a page of crawls', schema: pageSchema(crawlSchema) } },
  problems: ['knowledge.base_not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { knowledge, crawls }) => {
    const { id: knowledgeBaseId } = await knowledge.getBase(workspaceId, params.base);
    const filter = { knowledgeBaseId, ...defined({ userId: query.userId }) };
    return { status: 200, body: await crawls.list(workspaceId, filter, toPageRequest(query)) };
  },
});

const getCrawl = route({
  method: 'GET',
  path: '/v1/crawls/{crawl}',
  permission: 'knowledge:read',
  summary: 'Read a crawl: how many pages it has met, and what became of them',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the crawl', schema: crawlSchema } },
  problems: ['knowledge.crawl_not_found'],
  handler: async ({ params, query, workspaceId }, services) => ({
    status: 200,
    body: await visibleCrawl(services, { workspaceId, id: params.crawl, ...query }),
  }),
});

const listPages = route({
  method: 'GET',
  path: '/v1/crawls/{crawl}/pages',
  permission: 'knowledge:read',
  summary: 'List the pages that a crawl has met, in that order',
  query: crawlPagesQuerySchema,
  answers: { 200: { description: 'a page of them', schema: pageSchema(crawlPageSchema) } },
  problems: ['knowledge.crawl_not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const { state, userId } = query;
    const { id: crawlId } = await visibleCrawl(services, { workspaceId, id: params.crawl, userId });
    const request = { page: toPageRequest(query), ...defined({ state }) };
    return { status: 200, body: await services.crawls.pages({ workspaceId, crawlId }, request) };
  },
});

const cancelCrawl = route({
  method: 'POST',
  path: '/v1/crawls/{crawl}/cancel',
  permission: 'knowledge:write',
  summary: 'End a crawl: it adds nothing more; one that has ended stays as it is',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the crawl', schema: crawlSchema } },
  problems: ['knowledge.crawl_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const { id } = await visibleCrawl(services, { workspaceId, id: params.crawl, ...query });
    await services.crawls.end({ workspaceId, crawlId: id }, { state: 'cancelled' });
    await stop(services, id);
    return { status: 200, body: await services.crawls.get(workspaceId, id) };
  },
});

/** Routes of crawls. */
export const CRAWL_ROUTES = [startCrawl, listCrawls, getCrawl, listPages, cancelCrawl];

function boundsOf({ url, include, exclude, maxPages, maxDepth }: StartCrawlRequest): CrawlBounds {
  const start = toPageUrl(url, url);
  if (start === null) {
    const message = 'must be an address without user name and password';
    throw invalidRequest([{ pointer: '/url', code: 'request.invalid_value', message }]);
  }
  return {
    url: start,
    maxPages: maxPages ?? CRAWL_DEFAULTS.maxPages,
    maxDepth: maxDepth ?? CRAWL_DEFAULTS.maxDepth,
    include: include ?? [],
    exclude: exclude ?? [],
  };
}

/** A crawl is accepted when it is written: one that cannot be started now is started by its sweeper. */
async function start(
  { crawlControl, log }: Services,
  workspaceId: string,
  crawlId: string,
): Promise<void> {
  try {
    await crawlControl.start({ workspaceId, crawlId });
  } catch (error) {
    log.warn({ err: error, crawlId }, 'the crawl was written but not started; it will be');
  }
}

/** A workflow that goes on finds that its crawl has ended before it asks for another page. */
async function stop({ crawlControl, log }: Services, crawlId: string): Promise<void> {
  await crawlControl.cancel(crawlId).catch((error: unknown) => {
    log.debug({ err: error, crawlId }, 'the workflow of a cancelled crawl runs on in vain');
  });
}
