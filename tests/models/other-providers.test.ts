import { inspect } from 'node:util';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createChatModels } from '../../adapters/models/chat-models.ts';
import type { ModelsConfig } from '../../adapters/models/config.ts';
import type { ModelRequest } from '../../adapters/models/port.ts';
import { describeChatModels, requestFor, type Scenario } from '../../adapters/models/port.suite.ts';
import { ANSWER_TOOL } from '../../adapters/models/structured-output.ts';
import { startHttpDouble, type HttpDouble } from './http-double.ts';
import { MODEL_DEPS } from './model-deps.ts';
import {
  answerAsAnthropic,
  answerAsGemini,
  answerAsOllama,
  type DoubleAnswer,
} from './vendor-doubles.ts';

type Reply = (response: ServerResponse) => void;

const API_KEY = 'the-key-of-the-installation';

interface VendorCase {
  readonly provider: 'anthropic' | 'google-genai' | 'ollama';
  readonly config: (baseUrl: string) => ModelsConfig;
  readonly answer: (response: ServerResponse, answer: DoubleAnswer) => void;
  /** Whether structured output comes as a call of a tool or as text. */
  readonly structuredByTool: boolean;
  readonly path: RegExp;
  readonly error: (status: number, message: string) => object;
}

const VENDOR_CASES: readonly VendorCase[] = [
  {
    provider: 'anthropic',
    config: (baseUrl) => ({ default: null, anthropic: { apiKey: API_KEY, baseUrl } }),
    answer: answerAsAnthropic,
    structuredByTool: true,
    path: /^\/v1\/messages$/,
    error: (_status, message) => ({ type: 'error', error: { type: 'api_error', message } }),
  },
  {
    provider: 'google-genai',
    config: (baseUrl) => ({ default: null, googleGenai: { apiKey: API_KEY, baseUrl } }),
    answer: answerAsGemini,
    structuredByTool: true,
    path: /^\/v1beta\/models\/model-x:streamGenerateContent\?alt=sse$/,
    error: (code, message) => ({ error: { code, message, status: 'FAILED' } }),
  },
  {
    provider: 'ollama',
    config: (baseUrl) => ({ default: null, ollama: { apiKey: API_KEY, baseUrl } }),
    answer: answerAsOllama,
    structuredByTool: false,
    path: /^\/api\/chat$/,
    error: (_status, message) => ({ error: message }),
  },
];

describe.each(VENDOR_CASES)('$provider', (vendor) => {
  const model = { provider: vendor.provider, name: 'model-x' } as const;
  let double: HttpDouble;
  let reply: Reply;
  const models = () => createChatModels(vendor.config(double.url), MODEL_DEPS);

  beforeAll(async () => {
    double = await startHttpDouble((response) => reply(response));
  });

  afterAll(async () => {
    await double.close();
  });

  const output = (args: { readonly n: number | string }): DoubleAnswer =>
    vendor.structuredByTool
      ? { calls: [{ name: ANSWER_TOOL, arguments: args }] }
      : { text: JSON.stringify(args) };

  const answerWith =
    (answer: DoubleAnswer): Reply =>
    (response) =>
      vendor.answer(response, answer);

  const failWith =
    (status: number, message: string): Reply =>
    (response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(vendor.error(status, message)));
    };

  const scenarios: Readonly<Record<Scenario, Reply>> = {
    text: answerWith({ text: 'one two three' }),
    tools: answerWith({
      calls: [
        { name: 'add', arguments: { a: 1 } },
        { name: 'subtract', arguments: { b: 2 } },
      ],
    }),
    structured: answerWith(output({ n: 7 })),
    misfit: answerWith(output({ n: 'seven' })),
    waiting: () => undefined,
    failing: failWith(500, 'out of order'),
  };

  describeChatModels(vendor.provider, async (scenario) => {
    reply = scenarios[scenario];
    return { models: models(), request: requestFor(scenario, model) };
  });

  const call = async (request: ModelRequest, signal = new AbortController().signal) =>
    models().call(request, { signal, onText: () => undefined });

  test('counts tokens as the vendor does', async () => {
    reply = scenarios.text;
    const { usage, model: answered } = await call(requestFor('text', model));
    expect(usage).toEqual({ inputTokens: 9, outputTokens: 5 });
    expect(answered).toBe(`${vendor.provider}:model-x`);
  });

  test('is asked at its address, with the conversation and its tools', async () => {
    reply = scenarios.text;
    const request: ModelRequest = {
      ...requestFor('tools', model),
      messages: [
        { role: 'user', content: 'add and subtract' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [
            { id: 'c1', name: 'add', arguments: { a: 1 } },
            { id: 'c2', name: 'subtract', arguments: { b: 2 } },
          ],
        },
        { role: 'tool', toolCallId: 'c1', name: 'add', content: 'first result', isError: false },
        { role: 'tool', toolCallId: 'c2', name: 'subtract', content: 'broken', isError: true },
      ],
    };
    await call(request);
    const asked = double.requests.at(-1);
    expect(asked?.path).toMatch(vendor.path);
    for (const text of ['Do as you are told.', 'add and subtract', 'first result', 'broken']) {
      expect(asked?.text).toContain(text);
    }
    expect(asked?.text).toMatch(/"name":"subtract","description":"subtracts numbers"/);
    expect(asked?.text).not.toContain(API_KEY);
  });

  test('that ends without an end was cut', async () => {
    reply = answerWith({ text: 'one two', cut: true });
    const failure = call(requestFor('text', model));
    await expect(failure).rejects.toMatchObject({ code: 'model.stream_cut' });
  });

  test('whose connection breaks in the middle was cut', async () => {
    reply = (response) => {
      response.end = () => {
        setTimeout(() => response.socket?.destroy(), 20);
        return response;
      };
      vendor.answer(response, { text: 'one two', cut: true });
    };
    const failure = call(requestFor('text', model));
    await expect(failure).rejects.toMatchObject({ code: 'model.stream_cut' });
  });

  test.each([
    [401, 'model.auth'],
    [404, 'model.bad_request'],
    [429, 'model.rate_limited'],
    [500, 'model.unavailable'],
    [503, 'model.unavailable'],
  ])('that answers %i fails by %s, once, without a word of the request', async (status, code) => {
    reply = failWith(status, `no: ${API_KEY} said the text scenario`);
    const before = double.requests.length;
    const failure: unknown = await call(requestFor('text', model)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(double.requests.length).toBe(before + 1);
    const shown = inspect(failure, { depth: Infinity, showHidden: true });
    expect(shown).not.toContain(API_KEY);
    expect(shown).not.toContain('the text scenario');
  });

  test.each(['stopped', 'silent'])('has its connection closed when it is %s', async (how) => {
    const arrived = Promise.withResolvers<undefined>();
    reply = () => arrived.resolve(undefined);
    const stop = new AbortController();
    const silenceMs = how === 'silent' ? 100 : 60_000;
    const running = call(requestFor('text', { ...model, silenceMs }), stop.signal);
    running.catch(() => undefined);
    await arrived.promise;
    const reason = new Error('stopped');
    if (how === 'stopped') stop.abort(reason);
    await expect(running).rejects.toMatchObject(
      how === 'stopped' ? { message: 'stopped' } : { code: 'model.silent' },
    );
    await double.lastClosed();
  });
});

describe('Gemini', () => {
  let double: HttpDouble;
  let pieces: readonly object[] = [];

  beforeAll(async () => {
    double = await startHttpDouble((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of pieces) response.write(`data: ${JSON.stringify(piece)}\r\n\r\n`);
      response.end();
    });
  });

  afterAll(async () => {
    await double.close();
  });

  const ask = async (parts: Partial<ModelRequest> = {}) => {
    const config: ModelsConfig = {
      default: null,
      googleGenai: { apiKey: 'k', baseUrl: double.url },
    };
    const request = requestFor('text', { provider: 'google-genai', name: 'x' });
    const options = { signal: new AbortController().signal, onText: () => undefined };
    return createChatModels(config, MODEL_DEPS).call({ ...request, ...parts }, options);
  };

  test('that blocks the prompt was filtered, not cut', async () => {
    pieces = [{ promptFeedback: { blockReason: 'SAFETY' } }];
    expect(await ask()).toMatchObject({ text: '', finishReason: 'filtered' });
  });

  test('gets the results of parallel calls in one turn', async () => {
    pieces = [{ candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] }];
    const toolCalls = ['add', 'subtract'].map((name) => ({ id: name, name, arguments: {} }));
    await ask({
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: '', toolCalls },
        ...toolCalls.map(({ id, name }) => ({
          role: 'tool' as const,
          toolCallId: id,
          name,
          content: 'r',
          isError: false,
        })),
      ],
    });
    const { contents } = JSON.parse(double.requests.at(-1)?.text ?? '') as {
      readonly contents: readonly { readonly parts: readonly object[] }[];
    };
    expect(contents.map(({ parts }) => parts.length)).toEqual([1, 2, 2]);
  });
});
