import { expect, test } from '@jest/globals';
import { analyse, countTerms } from './analyser.ts';

test.each([
  [
    'drops case, punctuation and stop words',
    'What IS the Weather like, in Oslo?',
    'weather like oslo',
  ],
  ['takes possessives off', "Anna's dog and the dogs' toys", 'anna dog dog toy'],
  ['knows typographic apostrophes', 'Anna’s dog', 'anna dog'],
  ['drops contractions of stop words', "I don't think we've met, isn't it?", 'think met'],
  ['keeps apostrophes within names', "O'Brien", "o'brien"],
  ['keeps numbers and what is mixed with them', '7 May 2023, B12 at 10:30', '7 may 2023 b12 10 30'],
  ['reads other scripts and accents', 'Café ΠΑΡΑ Привет', 'café παρα привет'],
  ['takes composed and decomposed letters for the same', 'cafe\u0301', 'café'],
  ['takes full-width letters for the usual', 'Ｏｓｌｏ', 'oslo'],
  ['stems', 'running runs easily', 'run run easili'],
  ['finds nothing in stop words', 'what is it that you do', ''],
  ['finds nothing in marks', '... --- !!!', ''],
  ['skips what is too long for a word', `key ${'a'.repeat(65)} end`, 'key end'],
])('the analyser %s', (_title, text, terms) => {
  expect(analyse(text).join(' ')).toBe(terms);
});

test('gives the same terms when asked again', () => {
  const text = "The runner's shoes weren't running";
  expect(analyse(text)).toEqual(analyse(text));
});

test('counts terms', () => {
  expect([...countTerms(analyse('a cat, two cats, one dog'))]).toEqual([
    ['cat', 2],
    ['two', 1],
    ['one', 1],
    ['dog', 1],
  ]);
});
