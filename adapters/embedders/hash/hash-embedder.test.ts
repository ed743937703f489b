import { describe, expect, test } from '@jest/globals';
import { createHashEmbedder } from './hash-embedder.ts';
import { describeEmbedder } from '../port.suite.ts';

describeEmbedder('hash-v1', async () => createHashEmbedder(256));

describe('the embedder hash-v1', () => {
  const embedder = createHashEmbedder(512);
  const frequencies = {
    documents: 1_000,
    containing: (term: string) => (term === 'harbour' ? 900 : 1),
  };

  async function similarity(query: string, text: string, weighed: boolean): Promise<number> {
    const [a] = await embedder.embed([query], {
      use: 'query',
      ...(weighed ? { frequencies } : {}),
    });
    const [b] = await embedder.embed([text], { use: 'document' });
    return Array.from(a ?? []).reduce((sum, value, index) => sum + value * (b?.[index] ?? 0), 0);
  }

  test('finds a misspelt word near the right one', async () => {
    const right = await similarity('biomaterials', 'properties of biomaterials', false);
    const misspelt = await similarity('biomaetrials', 'properties of biomaterials', false);
    const other = await similarity('biomaetrials', 'properties of harbours', false);
    expect(right).toBeGreaterThan(misspelt);
    expect(misspelt).toBeGreaterThan(other + 0.1);
  });

  test('lets rare words of a query count more, where it is told which are', async () => {
    const query = 'harbour lantern';
    const common = await similarity(query, 'harbour', true);
    expect(common).toBeLessThan(await similarity(query, 'harbour', false));
    expect(await similarity(query, 'lantern', true)).toBeGreaterThan(common + 0.3);
  });

  test('never weighs what is stored, so that it keeps its meaning', async () => {
    const plain = await embedder.embed(['harbour lantern'], { use: 'document' });
    expect(await embedder.embed(['harbour lantern'], { use: 'document', frequencies })).toEqual(
      plain,
    );
  });

  test('stops between texts', async () => {
    const stop = new AbortController();
    const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);
    const embedding = embedder.embed(texts, { use: 'document', signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(embedding).rejects.toThrow('enough');
  });
});
