import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Embedder, EmbedOptions } from './port.ts';

const DOCUMENT: EmbedOptions = { use: 'document' };
const QUERY: EmbedOptions = { use: 'query' };

/** What every implementation of `Embedder` does alike; it is opened once. */
export function describeEmbedder(name: string, open: () => Promise<Embedder>): void {
  describe(`${name} as an embedder`, () => {
    let embedder: Embedder;

    beforeAll(async () => {
      embedder = await open();
    });

    afterAll(async () => {
      await embedder[Symbol.asyncDispose]();
    });

    test('gives one vector for each text, in their order, with as many numbers as it says', async () => {
      const texts = Array.from({ length: 150 }, (_, index) => `text number ${index} of many`);
      const vectors = await embedder.embed(texts, DOCUMENT);
      expect(vectors).toHaveLength(texts.length);
      expect(vectors.every((vector) => vector.length === embedder.ref.dim)).toBe(true);
      expect(vectors.every((vector) => vector.every(Number.isFinite))).toBe(true);
      for (const place of [0, 77, 149]) {
        const [alone] = await embedder.embed([texts[place] ?? ''], DOCUMENT);
        expect(vectors[place]).toEqual(alone);
      }
    });

    test('gives the same vectors for the same texts again', async () => {
      const texts = ['the ferry leaves at nine', 'a quite different matter'];
      for (const options of [DOCUMENT, QUERY]) {
        const first = await embedder.embed(texts, options);
        expect(await embedder.embed(texts, options)).toEqual(first);
        expect(first[0]).not.toEqual(first[1]);
      }
    });

    test('gives nothing for no texts, and zeros for blank ones among others', async () => {
      expect(await embedder.embed([], DOCUMENT)).toEqual([]);
      const [blank, whole, spaces] = await embedder.embed(['', 'a whole text', ' \n'], DOCUMENT);
      const zeros = new Float32Array(embedder.ref.dim);
      expect(blank).toEqual(zeros);
      expect(spaces).toEqual(zeros);
      expect(whole).not.toEqual(zeros);
    });

    test('lets the beginning of a text count that is longer than it takes', async () => {
      const { maxTextBytes } = embedder.profile;
      const long = 'länger '.repeat(maxTextBytes / 7);
      const [one, other, third] = await embedder.embed(
        [long, `${long} another end`, `another beginning ${long}`],
        DOCUMENT,
      );
      expect(one).toEqual(other);
      expect(one).not.toEqual(third);
    });

    test('takes any text, also halves of characters', async () => {
      const texts = ['\ud83d', 'a\0b', '<|endoftext|>', '🦀 données 数据 \u202e', '"}]\\'];
      const vectors = await embedder.embed(texts, QUERY);
      expect(vectors.every((vector) => vector.every(Number.isFinite))).toBe(true);
    });

    test('rejects with the reason of an abort', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(embedder.embed(['a text'], { ...DOCUMENT, signal })).rejects.toThrow('enough');
    });

    test('names its set of vectors', () => {
      const { id, revision, dim } = embedder.ref;
      expect([id, revision].every((part) => part.length > 0)).toBe(true);
      expect(dim).toBeGreaterThan(0);
    });
  });
}
