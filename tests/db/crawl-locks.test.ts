import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCrawlStore, type CrawlStore } from '../../db/stores/crawl-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { sql } from 'kysely';
import { until } from '../harness/until.ts';

let schema: TestSchema;
let crawls: CrawlStore;
let knowledge: KnowledgeStore;
let workspaceId: string;

beforeAll(async () => {
  schema = await freshSchema();
  crawls = createCrawlStore(schema.database);
  knowledge = createKnowledgeStore(schema.database);
  workspaceId = (await createWorkspaceStore(schema.database).create({ name: 'w' })).id;
});

afterAll(() => schema.drop());

/** A crawl whose first page is asked for. */
async function crawlOf(baseId: string): Promise<CrawlRef> {
  const { crawl } = await crawls.create(workspaceId, {
    ...{ url: 'https://a.org/', maxPages: 5, maxDepth: 1, include: [], exclude: [] },
    knowledgeBaseId: baseId,
    userId: null,
  });
  const ref = { workspaceId, crawlId: crawl.id };
  expect(await crawls.claim(ref)).toMatchObject({ position: 1 });
  return ref;
}

const PAGE = {
  position: 1,
  outcome: {
    kind: 'document',
    document: { title: 'a', mediaType: 'text/plain', content: Buffer.from('a') },
    links: { depth: 1, allowed: [], disallowed: [] },
  },
} as const;

test('who notes a page waits for who deletes its base, and holds nothing that the other wants', async () => {
  const { kysely } = schema.database;
  const base = await knowledge.createBase(workspaceId, { name: 'b', description: '' });
  const ref = await crawlOf(base.id);
  const noted = await kysely.transaction().execute(async (trx) => {
    await sql`select 1 from knowledge_bases where id = ${base.id} for update`.execute(trx);
    const noting = crawls.note(ref, PAGE);
    noting.catch(() => undefined);
    await until('the page to wait', async () => {
      const { rows } = await sql`
        select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(kysely);
      return rows.length > 0;
    });
    await sql`select 1 from crawls where id = ${ref.crawlId} for update nowait`.execute(trx);
    await trx.deleteFrom('knowledge_bases').where('id', '=', base.id).execute();
    return { noting };
  });
  expect(await noted.noting).toBeNull();
});

test('who deletes a base waits for the page that is being noted, and takes it along', async () => {
  const { kysely } = schema.database;
  const base = await knowledge.createBase(workspaceId, { name: 'c', description: '' });
  const ref = await crawlOf(base.id);
  const [noted, deleted] = await Promise.all([
    crawls.note(ref, PAGE),
    knowledge.deleteBase(workspaceId, base.id).then(() => true),
  ]);
  expect(deleted).toBe(true);
  expect(noted === null || noted.workspaceId === workspaceId).toBe(true);
  for (const table of ['crawls', 'documents'] as const) {
    const rows = await kysely.selectFrom(table).select('id').execute();
    expect(rows).toEqual([]);
  }
});
