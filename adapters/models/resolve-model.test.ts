import { describe, expect, test } from '@jest/globals';
import type { ModelSpec } from '../../contracts/agent-spec.ts';
import { DEFAULT_SILENCE_MS, silenceMsOf, type ModelsConfig } from './config.ts';
import { resolveModel } from './resolve-model.ts';

const NOTHING: ModelsConfig = { default: null };
const OPENAI: ModelsConfig = {
  default: { provider: 'openai', name: 'big' },
  openai: { apiKey: 'k' },
};

describe('the model of a call', () => {
  test('is the script where nothing is configured', () => {
    expect(resolveModel(NOTHING, { provider: 'default' })).toEqual({ kind: 'scripted' });
    expect(resolveModel(OPENAI, { provider: 'scripted' })).toEqual({ kind: 'scripted' });
  });

  test('is the configured one for the default', () => {
    const spec: ModelSpec = { provider: 'default', name: 'unused' };
    expect(resolveModel(OPENAI, spec)).toMatchObject({ vendor: 'openai', name: 'big' });
  });

  test('is named by the agent, or by the configuration of the same provider', () => {
    expect(resolveModel(OPENAI, { provider: 'openai', name: 'small' })).toMatchObject({
      name: 'small',
    });
    expect(resolveModel(OPENAI, { provider: 'openai' })).toMatchObject({ name: 'big' });
  });

  test('needs no key where an address is given', () => {
    const config: ModelsConfig = { default: null, openai: { baseUrl: 'http://127.0.0.1:1/v1' } };
    expect(resolveModel(config, { provider: 'openai', name: 'x' })).toMatchObject({ name: 'x' });
  });

  test.each([
    ['openai', /OPENAI_API_KEY.*OPENAI_BASE_URL/],
    ['anthropic', /ANTHROPIC_API_KEY/],
    ['google-genai', /GOOGLE_API_KEY/],
    ['ollama', /OLLAMA_BASE_URL/],
  ] as const)('tells what to set for %s', (provider, remedy) => {
    const resolve = () => resolveModel(NOTHING, { provider, name: 'x' });
    expect(resolve).toThrow(expect.objectContaining({ code: 'model.not_configured' }));
    expect(resolve).toThrow(remedy);
  });

  test('tells how to name a model', () => {
    const config: ModelsConfig = { default: null, anthropic: { apiKey: 'k' } };
    const resolve = () => resolveModel(config, { provider: 'anthropic' });
    expect(resolve).toThrow(/HOLDFAST_MODEL=anthropic:name/);
  });
});

describe('the silence that fails a call', () => {
  test('is a minute unless the installation or the agent says otherwise', () => {
    expect(DEFAULT_SILENCE_MS).toBe(60_000);
    expect(silenceMsOf(NOTHING, { provider: 'default' })).toBe(60_000);
    expect(silenceMsOf({ default: null, silenceMs: 5 }, { provider: 'default' })).toBe(5);
    expect(
      silenceMsOf({ default: null, silenceMs: 5 }, { provider: 'default', silenceMs: 9 }),
    ).toBe(9);
  });
});
