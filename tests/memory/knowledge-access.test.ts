import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { catchUp, openMemoryHarness, type MemoryHarness } from './memory-harness.ts';
import { findBases } from '../../activities/memory/find-bases.ts';
import type { KnowledgeBase } from '../../contracts/knowledge.ts';
import { newId } from '../../contracts/ids.ts';

let bench: MemoryHarness;
let ws: string;
let bases = 0;

beforeAll(async () => {
  bench = await openMemoryHarness();
  ws = bench.workspaceId;
});

afterAll(() => bench.close());

const createBase = (): Promise<KnowledgeBase> =>
  bench.knowledge.createBase(ws, { name: `base ${(bases += 1)}`, description: '' });

/** A document of one piece, ingested. */
async function add(knowledgeBaseId: string, text: string, userId: string | null): Promise<void> {
  const { document } = await bench.knowledge.putDocument(ws, {
    knowledgeBaseId,
    title: 'Notes',
    source: 'notes.txt',
    mediaType: 'text/plain',
    content: Buffer.from(text),
    ...(userId === null ? {} : { userId }),
  });
  const { id: documentId, revision } = document;
  const chunks = [{ text, page: null, start: 0, end: text.length, headings: [] }];
  await bench.knowledge.replaceChunks(ws, { documentId, revision, chunks });
}

async function found(baseId: string, userId: string | null): Promise<readonly string[]> {
  await catchUp(bench.schema.database, bench.memory.indexes);
  const { hits } = await bench.memory.service.searchKnowledge(ws, {
    text: 'Where is the lighthouse?',
    owner: { userId },
    knowledgeBaseIds: [baseId],
  });
  return hits.map(({ chunk }) => chunk.text).sort();
}

describe('documents of one name', () => {
  test('are found for their owners, whoever adds the name later', async () => {
    const { id } = await createBase();
    const hers = 'The lighthouse of Ada stands on a rock.';
    await add(id, hers, 'ada');
    expect(await found(id, 'ada')).toEqual([hers]);
    await add(id, hers, 'bob');
    expect([await found(id, 'ada'), await found(id, 'bob')]).toEqual([[hers], [hers]]);
    const his = 'The lighthouse of Bob stands in a bay.';
    await add(id, his, 'bob');
    const shared = 'The lighthouse of the town stands at the mole.';
    await add(id, shared, null);
    expect(await found(id, 'ada')).toEqual([hers, shared]);
    expect(await found(id, 'bob')).toEqual([his, shared]);
    expect(await found(id, null)).toEqual([shared]);
  });
});

describe('a knowledge base that is asked for', () => {
  test('by its id is it, whatever others are called', async () => {
    const older = await createBase();
    const wanted = await createBase();
    await bench.knowledge.updateBase(ws, older.id, { name: wanted.id });
    const newer = await createBase();
    await bench.knowledge.updateBase(ws, newer.id, { name: older.id });
    const asked = [wanted.id, older.id, wanted.name];
    const ids = [wanted.id, older.id, wanted.id];
    expect(await findBases(bench.knowledge, ws, asked)).toEqual(ids);
  });

  test('by the id of one that is gone is not another one of this name', async () => {
    const gone = newId('knowledgeBase');
    const other = await createBase();
    await bench.knowledge.updateBase(ws, other.id, { name: gone });
    await expect(findBases(bench.knowledge, ws, [gone])).rejects.toMatchObject({
      code: 'knowledge.base_not_found',
    });
  });
});
