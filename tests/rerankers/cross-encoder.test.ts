import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CANDIDATES, describeReranker, QUERY } from '../../adapters/rerankers/port.suite.ts';
import { CALL_POLICY } from '../../adapters/json-service/service.ts';
import { createCrossEncoder } from '../../adapters/rerankers/cross-encoder/cross-encoder.ts';
import { sendJson, type Fault } from '../embedders/embedding-double.ts';
import { startHttpDouble, type HttpDouble } from '../models/http-double.ts';

const KEY = 'the-key-of-the-installation';
const POLICY = { ...CALL_POLICY, attempts: 2, firstPauseMs: 1, timeoutMs: 300 };

interface Body {
  readonly query: string;
  readonly documents?: readonly string[];
  readonly texts?: readonly string[];
}

let double: HttpDouble;
const faults: Fault[] = [];

beforeAll(async () => {
  double = await startHttpDouble((response, request) => {
    const fault = faults.shift();
    if (fault !== undefined) {
      fault(response, request);
      return;
    }
    const { documents, texts } = JSON.parse(request.text) as Body;
    const scores = (documents ?? texts ?? []).map((text, index) => ({
      index,
      score: text.includes('ferry') ? 0.9 : text.includes('Elba') ? 0.5 : 0.001 / (1 + index),
    }));
    const sorted = scores.toSorted((a, b) => b.score - a.score);
    const results = sorted.map(({ index, score }) => ({ index, relevance_score: score }));
    sendJson(response, texts === undefined ? { id: 'x', results } : sorted);
  });
});

beforeEach(() => {
  faults.length = 0;
});

afterAll(() => double.close());

function reranker(model: string | null = 'rerank-fake', path = '/v1') {
  return createCrossEncoder({ url: double.url + path, model, apiKey: KEY }, POLICY);
}

describeReranker('Cohere or Jina', async () => reranker());
describeReranker('text-embeddings-inference', async () => reranker(null, '/rerank/'));

describe('a service that ranks', () => {
  async function rank(...next: readonly Fault[]) {
    faults.push(...next);
    const before = double.requests.length;
    const reranking = await reranker().rerank(QUERY, CANDIDATES, { limit: 2 });
    const ids = reranking.results.map(({ id }) => id);
    return { reranking, ids, requests: double.requests.length - before };
  }

  const says =
    (status: number, body: unknown = {}, headers = {}): Fault =>
    (response) =>
      sendJson(response, body, { status, headers });

  test('is asked as its kind wants to be', async () => {
    await reranker().rerank(QUERY, CANDIDATES, { limit: 1 });
    await reranker(null, '').rerank(QUERY, CANDIDATES, { limit: 1 });
    const texts = CANDIDATES.map(({ text }) => text);
    const [first, second] = double.requests.slice(-2);
    expect([first?.path, second?.path]).toEqual(['/v1/rerank', '/rerank']);
    expect(first?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.parse(first?.text ?? '')).toEqual({
      ...{ model: 'rerank-fake', query: QUERY, documents: texts, top_n: 3 },
    });
    expect(JSON.parse(second?.text ?? '')).toEqual({ query: QUERY, texts, truncate: true });
  });

  test('is asked again once', async () => {
    expect((await rank(says(500))).ids).toEqual(['c', 'b']);
    expect(await rank(says(429, {}, { 'retry-after-ms': '1' }))).toMatchObject({ requests: 2 });
  });

  test.each<[string, readonly Fault[], string]>([
    ['is down', [says(503), says(503)], 'answered 503'],
    ['is silent', [() => undefined, () => undefined], 'did not answer within 300 ms'],
    ['hangs up', [(r) => r.destroy(), (r) => r.destroy()], 'could not be reached'],
    ['asks for a long wait', [says(429, {}, { 'retry-after': '60' })], 'answered 429'],
    ['refuses the key', [says(401, { message: `no ${KEY}` })], 'refused the credentials (401)'],
    ['answers with a page', [(r) => r.end('<html>')], 'did not answer with JSON'],
    ['answers with something else', [says(200, { hello: 1 })], 'gave no order'],
    ['answers with no numbers', [says(200, [{ index: 0, score: null }])], 'gave no order'],
    ['speaks of others', [says(200, [{ index: 7, score: 1 }])], 'gave no order'],
  ])('leaves the order as it is, and says why, when it %s', async (_, next, reason) => {
    const { reranking, ids } = await rank(...next);
    expect(reranking).toMatchObject({ reranked: false, reason: expect.stringContaining(reason) });
    expect(JSON.stringify(reranking)).not.toContain(KEY);
    expect(ids).toEqual(['a', 'b']);
  });

  test('need not speak of all', async () => {
    const { ids } = await rank(says(200, { data: [{ index: 1, relevance_score: -3 }] }));
    expect(ids).toEqual(['b', 'a']);
  });

  test('stops at once when it is told to', async () => {
    const stop = new AbortController();
    faults.push(() => stop.abort(new Error('enough')));
    const options = { limit: 2, signal: stop.signal };
    await expect(reranker().rerank(QUERY, CANDIDATES, options)).rejects.toThrow('enough');
    await double.lastClosed();
  });
});
