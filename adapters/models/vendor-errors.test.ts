import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../contracts/errors.ts';
import { createScrubber } from './scrub.ts';
import { toModelError, type FaultContext } from './vendor-errors.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const SECRET = 'not-shaped-like-a-key';
const PROMPT = 'the private question of a user';

const CONTEXT: FaultContext = {
  vendor: 'openai',
  remedy: 'set OPENAI_API_KEY',
  streaming: false,
  now: NOW,
  scrub: createScrubber([SECRET], {
    model: { provider: 'openai' },
    instructions: '',
    messages: [{ role: 'user', content: PROMPT }],
    tools: [],
    output: null,
  }),
};

/** An error as OpenAI's library throws it. */
function openAi(
  status: number | undefined,
  body: object = {},
  headers: Record<string, string> = {},
): Error {
  const error = new Error(`${status ?? ''} ${JSON.stringify(body)}`);
  return Object.assign(error, { status, headers: new Headers(headers), error: body, ...body });
}

/** An error as Anthropic's library throws it. */
function anthropic(status: number | undefined, type: string, message = 'said so'): Error {
  const body = { type: 'error', error: { type, message } };
  return Object.assign(new Error('x'), { status, type, headers: new Headers(), error: body });
}

/** An error as Google's library throws it. */
function google(status: number, message: string, details: readonly object[] = []): Error {
  const text = `[GoogleGenerativeAI Error]: Error fetching from https://g.test/v1?key=${SECRET}: [${status} Bad] ${message} ${JSON.stringify(details)}`;
  return Object.assign(new Error(text), { status, statusText: 'Bad', errorDetails: details });
}

function ollama(status: number, message: string): Error {
  return Object.assign(new Error(message), { status_code: status, error: message });
}

function network(code: string): Error {
  const cause = Object.assign(new Error(`connect ${code} 10.0.0.1`), { code });
  return new Error('Connection error.', { cause: new TypeError('fetch failed', { cause }) });
}

const overflow = Object.assign(new Error('prompt is too long: 9 > 8'), {
  name: 'ContextOverflowError',
  cause: anthropic(400, 'invalid_request_error'),
});

const CASES: readonly (readonly [string, unknown, ErrorCode])[] = [
  ['400', openAi(400, { message: 'bad' }), 'model.bad_request'],
  ['401', openAi(401, { message: 'bad' }), 'model.auth'],
  ['402', openAi(402), 'model.quota_exhausted'],
  ['403', openAi(403), 'model.auth'],
  ['404', openAi(404), 'model.bad_request'],
  ['408', openAi(408), 'model.unavailable'],
  ['409', openAi(409), 'model.unavailable'],
  ['413', openAi(413), 'model.context_overflow'],
  ['422', openAi(422), 'model.bad_request'],
  ['429', openAi(429, { code: 'rate_limit_exceeded' }), 'model.rate_limited'],
  ['429 without quota', openAi(429, { code: 'insufficient_quota' }), 'model.quota_exhausted'],
  ['500', openAi(500), 'model.unavailable'],
  ['503', openAi(503), 'model.unavailable'],
  ['529', anthropic(529, 'overloaded_error'), 'model.unavailable'],
  ['a context code', openAi(400, { code: 'context_length_exceeded' }), 'model.context_overflow'],
  ['a wrapped overflow', overflow, 'model.context_overflow'],
  [
    'too many tokens for Gemini',
    google(400, 'The input token count (9) exceeds the maximum number of tokens allowed (8).'),
    'model.context_overflow',
  ],
  [
    'no credit at Anthropic',
    anthropic(400, 'invalid_request_error', 'Your credit balance is too low'),
    'model.quota_exhausted',
  ],
  [
    'a bad key at Gemini',
    google(400, 'API key not valid.', [{ reason: 'API_KEY_INVALID' }]),
    'model.auth',
  ],
  ['429 at Gemini', google(429, 'Resource exhausted'), 'model.rate_limited'],
  ['404 at Ollama', ollama(404, "model 'x' not found"), 'model.bad_request'],
  ['500 at Ollama', ollama(500, 'out of memory'), 'model.unavailable'],
  ['an overload without a status', anthropic(undefined, 'overloaded_error'), 'model.unavailable'],
  ['a limit without a status', anthropic(undefined, 'rate_limit_error'), 'model.rate_limited'],
  ['a refused connection', network('ECONNREFUSED'), 'model.unavailable'],
  ['an unknown host', network('ENOTFOUND'), 'model.unavailable'],
  ['a wrong certificate', network('CERT_HAS_EXPIRED'), 'model.unavailable'],
  ['a timeout', network('UND_ERR_CONNECT_TIMEOUT'), 'model.unavailable'],
  ['what the library refuses', new Error('Unknown content type'), 'model.bad_request'],
  ['what is no error', 'oops', 'model.bad_request'],
];

describe('a failure of a vendor', () => {
  test.each(CASES)('%s has its code', (_title, error, code) => {
    expect(toModelError(error, CONTEXT)).toMatchObject({ code });
  });

  test.each([
    [500, 'false', 'model.bad_request'],
    [429, 'false', 'model.quota_exhausted'],
    [401, 'false', 'model.auth'],
    [400, 'true', 'model.unavailable'],
    [429, 'true', 'model.rate_limited'],
  ])('%i is overruled by x-should-retry: %s', (status, wish, code) => {
    const error = openAi(status, {}, { 'x-should-retry': wish });
    expect(toModelError(error, CONTEXT)).toMatchObject({ code });
  });

  test.each([
    [new TypeError('terminated'), 'model.stream_cut'],
    [new SyntaxError('Unexpected end of JSON input'), 'model.stream_cut'],
    [anthropic(undefined, 'overloaded_error'), 'model.unavailable'],
    [openAi(undefined, { type: 'invalid_request_error' }), 'model.bad_request'],
  ])('in the middle of an answer: %p', (error, code) => {
    expect(toModelError(error, { ...CONTEXT, streaming: true })).toMatchObject({ code });
  });

  test.each([
    [openAi(429, {}, { 'retry-after': '7' }), 7_000],
    [openAi(503, {}, { 'retry-after-ms': '70' }), 70],
    [openAi(429, { code: 'insufficient_quota' }, { 'retry-after': '7' }), undefined],
    [google(429, 'slow down', [{ retryDelay: '34s' }]), 34_000],
    [openAi(500), undefined],
  ])('says when to try again: %p', (error, retryAfterMs) => {
    expect(toModelError(error, CONTEXT).retryAfterMs).toBe(retryAfterMs);
  });

  test.each([
    [openAi(400, { message: 'bad temperature' }), 'openai answered 400: bad temperature'],
    [openAi(422, { detail: [{ input: PROMPT }] }), 'openai answered 422'],
    [google(404, 'no such model'), 'openai answered 404: no such model'],
    [openAi(403), 'openai refused the credentials (403); set OPENAI_API_KEY'],
    [network('ECONNREFUSED'), 'openai could not be reached (ECONNREFUSED)'],
  ])('names vendor, status and reason: %p', (error, sentence) => {
    expect(toModelError(error, CONTEXT).message).toContain(sentence);
  });

  test.each(CASES)('%s never shows a key or a prompt', (_title, error) => {
    const leak = `${SECRET} sk-abcdef123456 ${PROMPT}`;
    const leaking =
      error instanceof Error ? Object.assign(error, { headers: new Headers({ key: leak }) }) : leak;
    if (leaking instanceof Error) leaking.message += leak;
    for (const streaming of [true, false]) {
      const shown = inspect(toModelError(leaking, { ...CONTEXT, streaming }), {
        depth: Infinity,
        showHidden: true,
      });
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain('abcdef123456');
      expect(shown).not.toContain(PROMPT);
    }
  });
});
