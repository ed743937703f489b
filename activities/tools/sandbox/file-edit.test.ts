import { describe, expect, test } from '@jest/globals';
import { editText, type TextEdit } from './file-edit.ts';

const edit = (part: Partial<TextEdit>): TextEdit => ({
  path: 'a',
  find: 'x',
  replace: 'y',
  all: false,
  ...part,
});

describe('an edit', () => {
  test.each([
    { text: 'a x b', part: {}, edited: 'a y b' },
    { text: 'x x', part: { all: true }, edited: 'y y' },
    { text: 'a x b', part: { replace: '' }, edited: 'a  b' },
    { text: 'x', part: { replace: '$& $1' }, edited: '$& $1' },
    { text: 'a.c abc', part: { find: 'a.c' }, edited: 'y abc' },
    { text: 'a\r\nb', part: { find: '\r\n', replace: '\n' }, edited: 'a\nb' },
  ])('of $text with $part gives $edited', ({ text, part, edited }) => {
    expect(editText(text, edit(part))).toBe(edited);
  });

  test.each([
    { text: 'a', part: {}, reason: 'does not occur in a: read the file' },
    { text: 'if  (x)\r\n  y', part: { find: 'if (x)\n y' }, reason: 'only its white space' },
    { text: 'x\nx\n\nx', part: {}, reason: '3 times in a, at lines 1, 2, 4;' },
    { text: 'x\n'.repeat(9), part: {}, reason: 'at lines 1, 2, 3, 4, 5 …;' },
    { text: 'x', part: { replace: 'x' }, reason: 'changes nothing' },
  ])('of $text with $part is refused: $reason', ({ text, part, reason }) => {
    expect(() => editText(text, edit(part))).toThrow(
      expect.objectContaining({
        code: 'tool.refused',
        message: expect.stringContaining(reason),
      }),
    );
  });
});
