import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { entryOf, queryOf } from '../index-bench.suite.ts';
import { createQdrantIndex } from './create-qdrant-index.ts';
import type { MemoryIndex } from '../port.ts';

const API_KEY = 'a-key-that-nobody-may-read';
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function answerWith(status: number, body: unknown, headers = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

function open(url: string, timeoutMs = 20_000): MemoryIndex {
  return createQdrantIndex({ url, apiKey: API_KEY, timeoutMs });
}

/** What a caller is told, causes included. */
async function failureOf(index: MemoryIndex): Promise<{ code: unknown; text: string }> {
  const error = await index
    .search('ws_1', queryOf({ text: 'violin' }))
    .catch((caught: unknown) => caught);
  if (!(error instanceof Error)) throw new Error('the search did not fail');
  const cause = error.cause instanceof Error ? (error.cause.stack ?? '') : '';
  return { code: 'code' in error ? error.code : null, text: `${error.stack ?? ''}\n${cause}` };
}

const envelope = (error: string): unknown => ({ status: { error }, time: 0 });

test.each([
  ['does not serve now', answerWith(503, envelope('busy')), 'cannot serve now'],
  ['asks to wait', answerWith(429, envelope('slow down')), 'cannot serve now'],
  ['says how long to wait', answerWith(429, envelope('slow'), { 'retry-after': '3' }), 'serve now'],
  ['refuses the key', answerWith(401, envelope('no')), 'check QDRANT_API_KEY'],
  [
    'is too old',
    answerWith(200, { version: '1.15.4' }),
    '1.19 or newer is needed, and this is 1.15.4',
  ],
  ['is something else', answerWith(200, { hello: 'world' }), 'not a Qdrant server'],
] as const)('tells that the server %s, and may be asked again', async (_title, answer, reason) => {
  const failure = await failureOf(open(await serve(answer)));
  expect(failure.code).toBe('service.unavailable');
  expect(failure.text).toContain(reason);
  expect(failure.text).not.toContain(API_KEY);
});

test('tells that the server never answers', async () => {
  const failure = await failureOf(open(await serve(() => undefined), 50));
  expect(failure.code).toBe('service.unavailable');
  expect(failure.text).toContain('did not answer in time');
});

test('tells that nobody listens', async () => {
  const url = await serve(answerWith(200, {}));
  for (const close of closing.splice(0)) close();
  const failure = await failureOf(open(url));
  expect(failure.code).toBe('service.unavailable');
  expect(failure.text).toContain('check QDRANT_URL');
  expect(failure.text).not.toContain(API_KEY);
});

test('sends the key in a header, and prints nothing', async () => {
  const keys: unknown[] = [];
  const url = await serve((request, response) => {
    keys.push(request.headers['api-key']);
    answerWith(503, envelope('busy'))(request, response);
  });
  const printed: unknown[] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => printed.push(words);
  try {
    await failureOf(open(url));
  } finally {
    console.warn = warn;
  }
  expect(keys).toEqual([API_KEY]);
  expect(printed).toEqual([]);
});

test('keeps the path of an address that has one', async () => {
  const paths: unknown[] = [];
  const url = await serve((request, response) => {
    paths.push(request.url);
    answerWith(503, envelope('busy'))(request, response);
  });
  await open(`${url}/qdrant/`)
    .upsert('ws_1', [entryOf('a')])
    .catch(() => undefined);
  expect(paths).toEqual(['/qdrant/']);
});
