import { expect, test } from '@jest/globals';
import { toConfig } from './config.ts';

test('hits are ordered by their features, by a model, or not at all', () => {
  expect(toConfig({}).memory.reranker).toEqual({ kind: 'features' });
  expect(toConfig({ RERANKER: 'none' }).memory.reranker).toEqual({ kind: 'none' });
  const env = { RERANKER: 'model', HOLDFAST_MODEL: 'openai:some' };
  expect(toConfig(env).memory.reranker).toEqual({ kind: 'model' });
});

test.each([
  [{ RERANKER: 'model', HOLDFAST_MODEL: 'scripted' }, 'RERANKER=model needs a model'],
  [{ RERANKER: 'best' }, 'write none, features or model, or set RERANKER_URL'],
])('%j is refused with what to do', (env, sentence) => {
  expect(() => toConfig(env)).toThrow(sentence);
});
