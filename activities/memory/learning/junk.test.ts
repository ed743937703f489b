import { describe, expect, test } from '@jest/globals';
import { junkReason } from './junk.ts';

describe('what is worth remembering', () => {
  test.each([
    'My sister Ana moved to Lisbon in March.',
    'I prefer short answers, please.',
    'Ich heiße Jörg und wohne in Köln',
    'We deploy every Tuesday at 10:30.',
  ])('is prose: %s', (text) => {
    expect(junkReason(text)).toBeNull();
  });

  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['Thank you very much!', 'small talk'],
    ['ok', 'small talk'],
    ['{"role":"system","content":"You are a helpful assistant"}', 'machine'],
    ['System prompt: you are an assistant with tools', 'machine'],
    ['go on', 'too little'],
    ['0x1f 0x2e 99 12 [[]] 3f3f3f3f 77 81 91', 'no prose'],
  ])('is not %s', (text, why) => {
    expect(junkReason(text)).toContain(why);
  });
});
