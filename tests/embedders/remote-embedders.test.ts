import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  answer,
  configOf,
  DIM,
  sendJson,
  startEmbeddingDouble,
  textsOf,
  vectorsOf,
  type EmbeddingDouble,
  type Fault,
  type Service,
} from './embedding-double.ts';
import { CALL_POLICY } from '../../adapters/json-service/service.ts';
import { createEmbedder } from '../../adapters/embedders/create-embedder.ts';
import { describeEmbedder } from '../../adapters/embedders/port.suite.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';

const KEY = 'the-key-of-the-installation';
const SECRET_TEXT = 'the private remark of a user';
/** Tries again at once, gives up soon, and takes little. */
const POLICY = { ...CALL_POLICY, firstPauseMs: 1, timeoutMs: 500, answerBytes: 100_000 };
const SERVICES: readonly Service[] = ['openai', 'ollama', 'google'];

describe.each(SERVICES)('%s', (service) => {
  let double: EmbeddingDouble;
  let embedder: Embedder;

  beforeAll(async () => {
    double = await startEmbeddingDouble(service);
    embedder = createEmbedder(configOf(service, double.url), POLICY);
  });

  beforeEach(() => {
    double.faults.length = 0;
  });

  afterAll(() => double.close());

  describeEmbedder(service, async () => embedder);

  /** How many requests came during the work, and what became of it. */
  async function during(faults: readonly Fault[], texts: readonly string[] = [SECRET_TEXT]) {
    const before = double.requests.length;
    double.faults.push(...faults);
    const result = await embedder
      .embed(texts, { use: 'document' })
      .catch((error: unknown) => error);
    return { result, requests: double.requests.length - before };
  }

  const answers =
    (change: (vectors: readonly Float32Array[]) => readonly ArrayLike<number>[]): Fault =>
    (response, request) =>
      answer(response, change(vectorsOf(request)), service);
  const says =
    (status: number, body: unknown = {}, headers = {}): Fault =>
    (response) =>
      sendJson(response, body, { status, headers });

  test('succeeds when a later attempt does', async () => {
    const faults = [
      says(429, { error: { message: 'slow down' } }, { 'retry-after-ms': '2' }),
      says(500),
      says(503, { error: 'starting' }),
    ];
    const { result, requests } = await during(faults);
    expect(result).toHaveLength(1);
    expect(requests).toBe(4);
  });

  test('gives up after four attempts', async () => {
    const { result, requests } = await during(Array.from({ length: 9 }, () => says(500)));
    expect(result).toMatchObject({ code: 'model.unavailable' });
    expect(requests).toBe(4);
  });

  test('leaves a long wait to the caller', async () => {
    const { result, requests } = await during([says(429, {}, { 'retry-after': '120' })]);
    expect(result).toMatchObject({ code: 'model.rate_limited', retryAfterMs: 120_000 });
    expect(requests).toBe(1);
  });

  test.each([
    ['a refusal', says(400, { error: { message: 'no such model' } }), 'model.bad_request'],
    ['wrong credentials', says(401, { error: 'who?' }), 'model.auth'],
    [
      'an empty purse',
      says(429, { error: { code: 'insufficient_quota' } }),
      'model.quota_exhausted',
    ],
    ['a redirect', says(307, {}, { location: 'http://127.0.0.1:1/' }), 'model.bad_request'],
    ['a page instead of JSON', (r) => r.end('<html>'), 'model.invalid_output'],
    ['an answer without end', (r) => void r.end('x'.repeat(200_000)), 'model.invalid_output'],
    ['something else', says(200, { hello: 'world' }), 'embedding.invalid'],
    ['a list', says(200, [1, 2]), 'embedding.invalid'],
    ['too few vectors', answers(() => []), 'embedding.invalid'],
    ['too many vectors', answers((all) => [...all, ...all]), 'embedding.invalid'],
    [
      'vectors that are too short',
      answers((all) => all.map((v) => v.slice(1))),
      'embedding.invalid',
    ],
    [
      'infinite numbers',
      answers((all) => all.map((v) => v.map(() => Infinity))),
      'embedding.invalid',
    ],
    ['no numbers', answers((all) => all.map((v) => v.map(() => NaN))), 'embedding.invalid'],
  ] as readonly (readonly [string, Fault, string])[])(
    'asks once only when it gets %s',
    async (_, fault, code) => {
      const { result, requests } = await during([fault]);
      expect(result).toMatchObject({ code });
      expect(requests).toBe(1);
    },
  );

  test('says how long the vectors are that it got', async () => {
    const { result } = await during([answers((all) => all.map((v) => v.slice(2)))]);
    expect(String(result)).toContain(`${DIM - 2} numbers instead of ${DIM}; set EMBEDDER_DIM`);
  });

  test.each<[string, Fault]>([
    ['is silent', () => undefined],
    [
      'breaks off',
      (r) =>
        void (
          r.writeHead(200, { 'content-length': '99' }),
          r.write('{"d'),
          setTimeout(() => r.destroy(), 5)
        ),
    ],
    ['hangs up', (r) => r.destroy()],
  ])('asks again when the service %s', async (_, fault) => {
    const { result, requests } = await during([fault]);
    expect(result).toHaveLength(1);
    expect(requests).toBe(2);
  });

  test('shows neither the key nor texts, whatever the service quotes', async () => {
    const message = `key ${KEY} may not embed ${SECRET_TEXT} at http://u:${KEY}@x.test/?key=${KEY}`;
    for (const body of [
      { error: { message } },
      { error: message },
      { message },
      { detail: message },
    ]) {
      const { result } = await during([says(403, body)]);
      const shown = inspect(result, { depth: 9, showHidden: true });
      expect(result).toMatchObject({ code: 'model.auth' });
      expect(shown).toContain('may not embed');
      expect(shown).not.toContain(KEY);
      expect(shown).not.toContain(SECRET_TEXT);
    }
  });

  test('stops at once when it is told to, and closes its connection', async () => {
    const stop = new AbortController();
    double.faults.push(() => stop.abort(new Error('enough')));
    const texts = ['a', 'b'];
    await expect(embedder.embed(texts, { use: 'query', signal: stop.signal })).rejects.toThrow(
      'enough',
    );
    await double.lastClosed();
  });

  test('stops while it waits for its next attempt', async () => {
    const patient = createEmbedder(configOf(service, double.url), {
      ...POLICY,
      firstPauseMs: 20_000,
    });
    const stop = new AbortController();
    double.faults.push((response) => {
      response.once('finish', () => setTimeout(() => stop.abort(new Error('enough')), 20));
      sendJson(response, {}, { status: 500 });
    });
    await expect(patient.embed(['a'], { use: 'query', signal: stop.signal })).rejects.toThrow(
      'enough',
    );
  });

  test('divides by count and by bytes, and gives vectors in the order of all texts', async () => {
    const texts = [
      ...Array.from({ length: 120 }, (_, index) => `short ${index}`),
      ...Array.from({ length: 40 }, (_, index) => `${index} ${'long '.repeat(3_000)}`),
    ];
    const before = double.requests.length;
    const vectors = await embedder.embed(texts, { use: 'document' });
    const asked = double.asked().slice(before);
    expect(asked.every((batch) => batch.length <= 100)).toBe(true);
    expect(asked.every((batch) => batch.join('').length <= 256 * 1_024)).toBe(true);
    expect(asked.flat().toSorted()).toEqual(texts.toSorted());
    const alone = await embedder.embed(texts.slice(-1), { use: 'document' });
    expect(vectors.at(-1)).toEqual(alone[0]);
  });

  test('asks in smaller parts when a request has too many tokens', async () => {
    const tooLong: Fault = (response, request) => {
      const texts = textsOf(request);
      if (texts.join('').length > 600) {
        double.faults.push(tooLong);
        const error = { message: 'the input exceeds the context length' };
        sendJson(response, { error }, { status: 400 });
        return;
      }
      double.faults.push(tooLong);
      answer(response, vectorsOf(request), service);
    };
    const long = 'x'.repeat(1_000);
    const { result } = await during([tooLong], ['one', long, 'three']);
    double.faults.length = 0;
    const [one, half, three] = await embedder.embed(['one', 'x'.repeat(500), 'three'], {
      use: 'document',
    });
    expect(result).toEqual([one, half, three]);
  });

  test('hands over the key as the service wants it', async () => {
    await embedder.embed(['a'], { use: 'query' });
    const request = double.requests.at(-1);
    const shown = request?.headers[service === 'google' ? 'x-goog-api-key' : 'authorization'];
    expect(shown).toBe(service === 'google' ? KEY : `Bearer ${KEY}`);
    const paths = {
      openai: '/v1/embeddings',
      ollama: '/api/embed',
      google: '/v1beta/models/fake:batchEmbedContents',
    };
    expect(request?.path).toBe(paths[service]);
  });
});

describe('what services are asked', () => {
  async function bodyFor(
    service: Service,
    model: string,
    { dim, use }: { readonly dim: number | null; readonly use: 'query' | 'document' },
  ): Promise<Readonly<Record<string, unknown>>> {
    const double = await startEmbeddingDouble(service);
    const embedder = createEmbedder(
      { ...configOf(service, double.url), kind: service, model, dim },
      { ...POLICY, attempts: 1 },
    );
    // The double's vectors are too short for these models.
    await embedder.embed(['a text'], { use }).catch(() => undefined);
    await double.close();
    return JSON.parse(double.requests[0]?.text ?? '{}') as Readonly<Record<string, unknown>>;
  }

  test('OpenAI is asked for fewer numbers where the model is known to have more', async () => {
    const model = 'text-embedding-3-small';
    expect(await bodyFor('openai', model, { dim: 512, use: 'query' })).toEqual({
      ...{ model, input: ['a text'], encoding_format: 'base64', dimensions: 512 },
    });
    expect(await bodyFor('openai', model, { dim: null, use: 'query' })).not.toHaveProperty(
      'dimensions',
    );
    expect(await bodyFor('openai', 'mine', { dim: 512, use: 'query' })).not.toHaveProperty(
      'dimensions',
    );
  });

  test('Google is told what a text is embedded for', async () => {
    const model = 'gemini-embedding-001';
    expect(await bodyFor('google', model, { dim: 768, use: 'document' })).toEqual({
      requests: [
        {
          model: `models/${model}`,
          content: { parts: [{ text: 'a text' }] },
          taskType: 'RETRIEVAL_DOCUMENT',
          outputDimensionality: 768,
        },
      ],
    });
    expect(await bodyFor('google', model, { dim: null, use: 'query' })).toMatchObject({
      requests: [{ taskType: 'RETRIEVAL_QUERY' }],
    });
  });

  test('models get the prefixes that they were trained with', async () => {
    const model = 'nomic-embed-text:latest';
    expect(await bodyFor('ollama', model, { dim: null, use: 'query' })).toMatchObject({
      input: ['search_query: a text'],
    });
    expect(await bodyFor('ollama', model, { dim: null, use: 'document' })).toMatchObject({
      input: ['search_document: a text'],
    });
  });
});
