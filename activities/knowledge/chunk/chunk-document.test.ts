import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BlockKind, ParsedDocument, TextBlock } from '../../../contracts/parsed-document.ts';
import { chunkDocument } from './chunk-document.ts';
import type { ChunkDraft } from '../../../contracts/knowledge.ts';
import { wordsIn } from './measure.ts';

type Part = { readonly kind: BlockKind; readonly text: string; readonly level?: number };

function documentOf(parts: readonly Part[]): ParsedDocument {
  let text = '';
  const blocks: TextBlock[] = [];
  for (const { kind, text: part, level } of parts) {
    if (text !== '') text += '\n\n';
    const start = text.length;
    text += part;
    const heading = level === undefined ? {} : { level, title: part };
    blocks.push({ kind, start, end: text.length, page: blocks.length + 1, ...heading });
  }
  return { title: null, text, blocks, pages: null };
}

const heading = (level: number, text: string): Part => ({ kind: 'heading', level, text });
const paragraph = (text: string): Part => ({ kind: 'paragraph', text });

/** Sentences of random words that are the same for the same seed. */
function prose(seed: number, words: number): string {
  let state = seed + 1;
  const list = Array.from({ length: words }, (_, index) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const word = `w${(state >> 8) % 5_000}`;
    return index % 12 === 11 ? `${word}.` : word;
  });
  return list.join(' ');
}

const words = fc.oneof(
  fc.lorem({ maxCount: 400, mode: 'words' }),
  fc.lorem({ maxCount: 40, mode: 'sentences' }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3_000 }),
  fc.string({
    unit: fc.constantFrom('語', '。', '😀', 'a', ' ', '\n'),
    minLength: 1,
    maxLength: 4_000,
  }),
);
const part = fc
  .tuple(fc.constantFrom<BlockKind>('heading', 'paragraph', 'list', 'code', 'table'), words)
  .map(([kind, raw]): Part => {
    const text = raw.toWellFormed().trim() || 'x';
    return kind === 'heading' ? heading((text.length % 6) + 1, text) : { kind, text };
  });
const documents = fc.array(part, { minLength: 1, maxLength: 12 }).map(documentOf);

describe('pieces of any document', () => {
  test('are exactly where they say, in order, and leave nothing out', () => {
    fc.assert(
      fc.property(documents, (document) => {
        let at = 0;
        for (const { text, start, end } of chunkDocument(document)) {
          expect(document.text.slice(start, end)).toBe(text);
          expect(text.trim()).toBe(text);
          expect(text).not.toBe('');
          expect(document.text.slice(at, start).trim()).toBe('');
          at = end;
        }
        expect(document.text.slice(at).trim()).toBe('');
      }),
      { numRuns: 300 },
    );
  });

  test('never have more words than the limit, nor halves of characters', () => {
    fc.assert(
      fc.property(documents, (document) => {
        for (const { text } of chunkDocument(document)) {
          expect(text.isWellFormed()).toBe(true);
          // White space between the parts adds a little to what they have.
          expect(wordsIn(text)).toBeLessThanOrEqual(320 * 1.5);
          expect(Buffer.byteLength(text)).toBeLessThan(16 * 1_024);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a document with sections', () => {
  const guide = documentOf([
    heading(1, 'Guide'),
    paragraph(prose(1, 150)),
    heading(2, 'Install'),
    paragraph(prose(2, 150)),
    { kind: 'code', text: `npm install\n\n${prose(3, 100)}` },
    paragraph(prose(4, 200)),
    heading(2, 'Use'),
    paragraph(prose(5, 120)),
  ]);

  test('is cut before its headings, and pieces know the headings above them', () => {
    const chunks = chunkDocument(guide);
    expect(chunks.map(({ text, headings }) => [text.slice(0, 7), headings])).toEqual([
      ['Guide\n\n', []],
      ['Install', ['Guide']],
      [expect.any(String), ['Guide', 'Install']],
      [expect.stringMatching(/^Use/), ['Guide']],
    ]);
    expect(chunks[3]?.page).toBe(7);
  });

  test('keeps code whole where it fits', () => {
    const code = guide.blocks.find(({ kind }) => kind === 'code');
    const holds = ({ start, end }: ChunkDraft): boolean =>
      start <= (code?.start ?? 0) && end >= (code?.end ?? 0);
    expect(chunkDocument(guide).filter(holds)).toHaveLength(1);
  });

  test('joins short sections under the heading that they share', () => {
    const parts = Array.from({ length: 6 }, (_, index) => [
      heading(2, `Term ${index}`),
      paragraph(prose(index, 30)),
    ]).flat();
    const chunks = chunkDocument(documentOf([heading(1, 'Glossary'), ...parts]));
    expect(chunks).toHaveLength(2);
    expect(chunks[1]?.headings).toEqual(['Glossary']);
  });

  test('never ends a piece with a heading', () => {
    const parts = Array.from({ length: 40 }, (_, index) => [
      paragraph(prose(index, 90)),
      heading(3, `Part ${index}`),
    ]).flat();
    const titles = /Part \d+$/;
    const chunks = chunkDocument(documentOf(parts)).slice(0, -1);
    expect(chunks.filter(({ text }) => titles.test(text))).toEqual([]);
  });

  test('cuts a long table between its rows', () => {
    const rows = Array.from({ length: 200 }, (_, index) => `row ${index} | a. b | c`);
    const table = documentOf([{ kind: 'table', text: rows.join('\n') }]);
    const chunks = chunkDocument(table);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.flatMap(({ text }) => text.split('\n'))).toEqual(rows);
  });
});

describe('a document that changes', () => {
  const paragraphs = Array.from({ length: 200 }, (_, index) =>
    paragraph(prose(index, 20 + ((index * 37) % 90))),
  );
  const textsOf = (parts: readonly Part[]): readonly string[] =>
    chunkDocument(documentOf(parts)).map(({ text }) => text);
  const before = textsOf(paragraphs);

  test.each([3, 50, 120, 180])('keeps its pieces but those near paragraph %i', (at) => {
    const added = [...paragraphs.slice(0, at), paragraph(prose(999, 60)), ...paragraphs.slice(at)];
    const removed = [...paragraphs.slice(0, at), ...paragraphs.slice(at + 1)];
    for (const after of [textsOf(added), textsOf(removed)]) {
      const kept = new Set(before);
      expect(after.filter((text) => !kept.has(text)).length).toBeLessThanOrEqual(12);
    }
    expect(before.length).toBeGreaterThan(40);
  });

  test('is cut the same way every time', () => {
    expect(textsOf(paragraphs)).toEqual(before);
  });
});

test('counts what has no spaces by its length', () => {
  expect(wordsIn('one two  three')).toBe(3);
  expect(wordsIn('')).toBe(0);
  expect(wordsIn('x'.repeat(70))).toBe(10);
  expect(wordsIn('語'.repeat(70))).toBe(35);
});
