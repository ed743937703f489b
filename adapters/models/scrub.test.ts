import { describe, expect, test } from '@jest/globals';
import type { ModelRequest } from './port.ts';
import { createScrubber } from './scrub.ts';

const REQUEST: ModelRequest = {
  model: { provider: 'openai' },
  instructions: 'Keep the recipe of the sauce to yourself.',
  messages: [
    { role: 'user', content: 'My password is "hunter2"\nand I like it.' },
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'c', name: 'pay', arguments: { iban: 'DE00 1234' } }],
    },
    { role: 'user', content: 'tokens' },
  ],
  tools: [],
  output: null,
};

const scrub = createScrubber(['plain-secret'], REQUEST);

describe('a scrubbed sentence', () => {
  test.each([
    ['the key plain-secret is wrong', 'the key [secret] is wrong'],
    ['Incorrect API key provided: sk-proj-ab***cd12.', 'Incorrect API key provided: [secret]'],
    ['key AIzaSyA1234567890 expired', 'key [secret] expired'],
    ['sent Authorization: Bearer abc.def', 'sent [secret]'],
    ['x-api-key: abcdef is bad', '[secret] is bad'],
    [
      'could not reach https://user:pass@models.test:8443/v1/chat?key=abc now',
      'could not reach https://models.test:8443/v1/chat now',
    ],
    [
      `got ${JSON.stringify({ content: REQUEST.messages[0]?.content })}`,
      'got {"content":"[request]"}',
    ],
    ['You said: Keep the recipe of the sauce to yourself.', 'You said: [request]'],
    ['in arguments {"iban":"DE00 1234"}', 'in arguments [request]'],
    ['too  many\n tokens', 'too many tokens'],
  ])('of %j is %j', (text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  test('is short', () => {
    expect(scrub('ab '.repeat(500)).length).toBeLessThanOrEqual(301);
  });
});
