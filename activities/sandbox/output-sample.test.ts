import { describe, expect, test } from '@jest/globals';
import { OutputSample } from './output-sample.ts';

function sampleOf(maxBytes: number, pieces: readonly string[]): string {
  const sample = new OutputSample(maxBytes);
  for (const piece of pieces) sample.add(Buffer.from(piece));
  return sample.text();
}

describe('a sample of output', () => {
  test.each([
    { pieces: [], text: '' },
    { pieces: ['abc'], text: 'abc' },
    { pieces: ['abcd', 'efgh'], text: 'abcdefgh' },
    { pieces: ['abcdefgh'], text: 'abcdefgh' },
    { pieces: ['abcdefghi'], text: 'abcd\n[… 1 bytes left out …]\nfghi' },
    { pieces: ['ab', 'cdef', 'ghi', 'jklmnopqrst'], text: 'abcd\n[… 12 bytes left out …]\nqrst' },
  ])('of $pieces is $text', ({ pieces, text }) => {
    expect(sampleOf(8, pieces)).toBe(text);
  });

  test('keeps a character that lies across beginning and end', () => {
    expect(sampleOf(8, ['abc', 'é', 'x'])).toBe('abcéx');
  });

  test('is the same however the bytes are cut', () => {
    const text = Array.from({ length: 500 }, (_, index) => String(index)).join(' ');
    const cut = Array.from({ length: Math.ceil(text.length / 7) }, (_, at) =>
      text.slice(at * 7, at * 7 + 7),
    );
    expect(sampleOf(64, cut)).toBe(sampleOf(64, [text]));
  });
});
