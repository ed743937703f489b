import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  ANN,
  catchUp,
  openMemoryHarness,
  said,
  user,
  type MemoryHarness,
} from './memory-harness.ts';
import { rebuildMemory } from '../../activities/memory/projection/rebuild.ts';

let bench: MemoryHarness;
let ws: string;

beforeAll(async () => {
  bench = await openMemoryHarness();
  ws = bench.workspaceId;
});

afterAll(() => bench.close());

async function addDocument(
  knowledgeBaseId: string,
  { title, texts, userId }: { title: string; texts: readonly string[]; userId?: string },
): Promise<string> {
  const { document } = await bench.knowledge.putDocument(ws, {
    knowledgeBaseId,
    title,
    source: `${title}.txt`,
    mediaType: 'text/plain',
    content: Buffer.from(texts.join('\n')),
    ...(userId === undefined ? {} : { userId }),
  });
  await bench.knowledge.replaceChunks(ws, {
    documentId: document.id,
    revision: document.revision,
    chunks: texts.map((text, index) => ({
      text,
      page: index + 1,
      start: index * 100,
      end: index * 100 + text.length,
      headings: ['Manual'],
    })),
  });
  return document.id;
}

test('documents are found with where it stands, within bases and for whom they are', async () => {
  const base = await bench.knowledge.createBase(ws, { name: 'pumps', description: '' });
  const other = await bench.knowledge.createBase(ws, { name: 'boats', description: '' });
  const texts = ['Close the valve first.', 'The impeller is replaced every two years.'];
  const documentId = await addDocument(base.id, { title: 'Pump P7', texts });
  await addDocument(other.id, { title: 'Boat', texts: ['The impeller of a boat is of rubber.'] });
  await addDocument(base.id, { title: 'Diary', texts: ['My impeller broke.'], userId: 'u1' });
  const { service } = bench.memory;
  const found = await service.searchKnowledge(ws, {
    text: 'When is the impeller replaced?',
    owner: { userId: null },
    knowledgeBaseIds: [base.id],
    explain: true,
  });
  expect(found.hits[0]?.citation).toMatchObject({
    documentId,
    title: 'Pump P7',
    source: 'Pump P7.txt',
    page: 2,
    start: 100,
    headings: ['Manual'],
  });
  expect(found).toMatchObject({ missing: [], embedder: { id: 'hash-v1' } });
  expect(found.hits.map(({ citation }) => citation.title)).not.toContain('Diary');
  const own = await service.searchKnowledge(ws, { text: 'impeller', owner: { userId: 'u1' } });
  expect(new Set(own.hits.map(({ citation }) => citation.title))).toEqual(
    new Set(['Boat', 'Diary', 'Pump P7']),
  );
  const context = service.forPrompt({ knowledge: found }, 500);
  expect(context.text).toContain('[1] (Pump P7, page 2) The impeller is replaced');
  const misspelt = await service.searchKnowledge(ws, {
    text: 'impellor replacment',
    owner: { userId: null },
  });
  expect(misspelt.hits[0]?.citation.title).toBe('Pump P7');
});

test('the graph brings up memories that share no word with the question, of their owner only', async () => {
  const { graph, memory } = bench;
  const write = async (text: string, userId: string) => {
    const [made] = await bench.memories.remember(ws, [said(text, { userId })], ANN);
    return made?.memory.id ?? '';
  };
  const hired = await write('Nora was hired by the bakery', 'u1');
  const closed = await write('Krume shut its doors for good', 'u1');
  const foreign = await write('Krume owes money to u2', 'u2');
  const [nora, krume, city] = await graph.putEntities(
    ws,
    ['Nora', 'Krume', 'Graz'].map((name) => ({ name, type: 'thing' })),
  );
  const link = (ends: readonly [string, string], memoryId: string) =>
    graph.record(ws, {
      sourceId: ends[0],
      targetId: ends[1],
      predicate: 'is linked to',
      text: '',
      memoryId,
    });
  await link([nora?.id ?? '', krume?.id ?? ''], hired);
  await link([krume?.id ?? '', city?.id ?? ''], closed);
  await link([krume?.id ?? '', city?.id ?? ''], foreign);
  const ask = (withGraph: boolean) =>
    memory.service.recall(ws, {
      text: 'What happened to the employer of Nora?',
      owner: user('u1'),
      graph: withGraph,
      explain: true,
    });
  await catchUp(bench.schema.database, memory.indexes);
  const plain = (await ask(false)).hits.map((hit) => hit.memory.id);
  expect(plain).not.toContain(closed);
  const { hits } = await ask(true);
  expect(hits.map((hit) => hit.memory.id)).toEqual([hired, closed]);
  expect(hits[1]?.explanation?.graph?.entities).toContain('Krume');
});

test('a rebuild makes what the database has', async () => {
  const deps = { ...bench, indexes: bench.memory.indexes, copy: bench.memory.graph };
  expect(await rebuildMemory(deps, ws)).toMatchObject({
    index: { before: 7, after: 7 },
    graph: null,
    isWhole: true,
  });
});

test('documents are found by their new titles, though their contents stay', async () => {
  const base = await bench.knowledge.createBase(ws, { name: 'animals', description: '' });
  const [one, two] = [['It sleeps by day.'], ['It eats leaves.']];
  const koala = await addDocument(base.id, { title: 'Koala', texts: one });
  const wombat = await addDocument(base.id, { title: 'Wombat', texts: two });
  const find = async (text: string): Promise<string | undefined> => {
    await catchUp(bench.schema.database, bench.memory.indexes);
    const asked = { text, owner: { userId: null }, knowledgeBaseIds: [base.id] };
    const { hits } = await bench.memory.service.searchKnowledge(ws, asked);
    return hits[0]?.citation.documentId;
  };
  expect([await find('koala'), await find('wombat')]).toEqual([koala, wombat]);
  const rename = (source: string, title: string, texts: readonly string[]) =>
    bench.knowledge.putDocument(ws, {
      ...{ knowledgeBaseId: base.id, source, title, mediaType: 'text/plain' },
      content: Buffer.from(texts.join('\n')),
    });
  const renamed = await rename('Koala.txt', 'Wombat', one);
  expect(renamed).toMatchObject({ kind: 'unchanged', document: { id: koala, title: 'Wombat' } });
  await rename('Wombat.txt', 'Koala', two);
  expect([await find('koala'), await find('wombat')]).toEqual([wombat, koala]);
});

test('the offline embedder weighs the words of a question by how rare they are', async () => {
  const base = await bench.knowledge.createBase(ws, { name: 'ports', description: '' });
  const common = ['one', 'two', 'three', 'four', 'five', 'six'].map((n) => `harbour ${n}`);
  await addDocument(base.id, { title: '', texts: [...common, 'harbour', 'lantern'] });
  await catchUp(bench.schema.database, bench.memory.indexes);
  const { hits } = await bench.memory.service.searchKnowledge(ws, {
    text: 'harbour lantern',
    owner: { userId: null },
    knowledgeBaseIds: [base.id],
    explain: true,
  });
  const cosine = (text: string): number =>
    hits.find(({ chunk }) => chunk.text === text)?.explanation?.dense?.cosine ?? 0;
  expect(cosine('lantern')).toBeGreaterThan(1.5 * cosine('harbour'));
  expect(cosine('harbour')).toBeGreaterThan(0);
});
