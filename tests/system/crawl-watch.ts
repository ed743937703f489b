import { expect } from '@jest/globals';
import { until } from '../harness/until.ts';
import type { Client, Crawl } from '../../client/index.ts';

/** The crawl at its end. */
export async function ended(client: Client, { id }: Pick<Crawl, 'id'>): Promise<Crawl> {
  return until('the end of the crawl', async () => {
    const crawl = await client.knowledge.getCrawl(id);
    return crawl.state === 'running' ? null : crawl;
  });
}

/** Its pages: depth, path and what became of each. */
export async function pagesOf(
  client: Client,
  { id }: Pick<Crawl, 'id'>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { url, depth, state, documentId } of client.knowledge.crawlPages(id)) {
    lines.push(`${depth} ${pathOf(url)} ${state}`);
    expect(documentId !== null).toBe(state === 'fetched' || state === 'unchanged');
  }
  return lines;
}

/** Paths of a base's documents, once all of them are ready. */
export async function readyDocuments(client: Client, baseId: string): Promise<readonly string[]> {
  return until('all documents to be ready', async () => {
    const names: string[] = [];
    for await (const { source, state } of client.knowledge.listDocuments(baseId)) {
      if (state !== 'ready') return null;
      names.push(pathOf(source));
    }
    return names.toSorted();
  });
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
