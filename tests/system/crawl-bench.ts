import { createCrawlStore, type CrawlStore } from '../../db/stores/crawl-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { crawlPage } from '../../activities/knowledge/crawl/crawl-page.ts';
import { createInlineParser } from '../../adapters/documents/inline-parser.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { freshSchema } from '../harness/postgres.ts';
import { page, startWebSite, type WebSite } from '../fakes/web-site.ts';
import { readRobots } from '../../activities/knowledge/crawl/read-robots.ts';
import type { Crawl, CrawlBounds } from '../../contracts/crawl.ts';
import type { CrawlDeps } from '../../activities/knowledge/crawl/crawl-deps.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';

/** A crawl of a test: whole sites of anybody, if nothing else is said. */
export interface WantedCrawl extends Partial<Omit<CrawlBounds, 'url'>> {
  readonly path?: string;
  readonly base?: string;
}

/** Crawls on a real database and a real site, driven by the test in place of a workflow. */
export interface CrawlBench {
  readonly crawls: CrawlStore;
  readonly knowledge: KnowledgeStore;
  readonly workspaceId: string;
  readonly site: WebSite;
  readonly deps: CrawlDeps;
  readonly newBase: () => Promise<string>;
  readonly begin: (wanted?: WantedCrawl) => Promise<CrawlRef>;
  /** Reads robots.txt. */
  readonly enter: (ref: CrawlRef, using?: CrawlDeps) => Promise<void>;
  /** Asks for the next page; answers with the pause behind it, or null at the end. */
  readonly step: (ref: CrawlRef, using?: CrawlDeps) => Promise<number | null>;
  /** What the workflow does; answers with the pauses that it would make. */
  readonly drive: (ref: CrawlRef, using?: CrawlDeps) => Promise<readonly number[]>;
  /** Paths that the crawl has met, each with what became of it. */
  readonly seen: (ref: CrawlRef) => Promise<readonly string[]>;
  readonly reasonOf: (ref: CrawlRef, path: string) => Promise<string | null | undefined>;
  readonly get: (ref: CrawlRef) => Promise<Crawl>;
  /** Adds pages of a text with links. */
  readonly fill: (pages: Readonly<Record<string, Parameters<typeof page>>>) => void;
  readonly close: () => Promise<void>;
}

/** Opens it for a test file. */
export async function openCrawlBench(): Promise<CrawlBench> {
  const schema = await freshSchema();
  const crawls = createCrawlStore(schema.database);
  const knowledge = createKnowledgeStore(schema.database);
  const { id: workspaceId } = await createWorkspaceStore(schema.database).create({ name: 'w' });
  const site = await startWebSite({});
  const http = { allowHosts: [site.host], timeoutMs: 500 };
  const deps: CrawlDeps = { crawls, parser: createInlineParser(), http, pauseMs: 10 };
  let bases = 0;
  const newBase: CrawlBench['newBase'] = async () => {
    const base = { name: `base ${(bases += 1)}`, description: '' };
    return (await knowledge.createBase(workspaceId, base)).id;
  };
  return {
    ...{ crawls, knowledge, workspaceId, site, deps, newBase },
    ...driver(deps),
    begin: async ({ path = '/', base, ...bounds } = {}) => {
      const { crawl } = await crawls.create(workspaceId, {
        ...{ maxPages: 50, maxDepth: 3, include: [], exclude: [], ...bounds },
        url: site.url(path),
        knowledgeBaseId: base ?? (await newBase()),
        userId: null,
      });
      return { workspaceId, crawlId: crawl.id };
    },
    seen: async (ref) => {
      const { items } = await crawls.pages(ref, { page: { limit: 200 } });
      return items.map(({ url, state }) => `${url.slice(site.url('').length)} ${state}`);
    },
    reasonOf: async (ref, path) => {
      const { items } = await crawls.pages(ref, { page: { limit: 200 } });
      return items.find(({ url }) => url === site.url(path))?.reason;
    },
    get: ({ crawlId }) => crawls.get(workspaceId, crawlId),
    fill: (pages) => {
      for (const [path, args] of Object.entries(pages)) site.pages.set(path, page(...args));
    },
    close: async () => {
      await site[Symbol.asyncDispose]();
      await schema.drop();
    },
  };
}

function driver(deps: CrawlDeps): Pick<CrawlBench, 'enter' | 'step' | 'drive'> {
  const { signal } = new AbortController();
  const enter: CrawlBench['enter'] = (ref, using = deps) => readRobots(using, ref, signal);
  const step: CrawlBench['step'] = async (ref, using = deps) => {
    const done = await crawlPage(using, ref, signal);
    return done.kind === 'ended' ? null : done.pauseMs;
  };
  return {
    ...{ enter, step },
    drive: async (ref, using = deps) => {
      const pauses: number[] = [];
      await enter(ref, using);
      for (let pause = await step(ref, using); pause !== null; pause = await step(ref, using)) {
        pauses.push(pause);
      }
      return pauses;
    },
  };
}
