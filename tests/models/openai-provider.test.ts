import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createChatModels } from '../../adapters/models/chat-models.ts';
import type { ChatModels, ModelRequest } from '../../adapters/models/port.ts';
import { describeChatModels, requestFor, type Scenario } from '../../adapters/models/port.suite.ts';
import type { Behaviour } from '../fakes/openai-behaviour.ts';
import { FAULTS } from '../fakes/openai-behaviour.ts';
import { startOpenAiServer, type OpenAiServer } from '../fakes/openai-server.ts';
import { MODEL_DEPS } from './model-deps.ts';

const API_KEY = 'the-key-of-the-installation';
const SHORT_SILENCE_MS = 100;

let server: OpenAiServer;
let models: ChatModels;

beforeAll(async () => {
  server = await startOpenAiServer();
  models = createChatModels(
    {
      default: { provider: 'openai', name: 'gpt-fake' },
      openai: { apiKey: API_KEY, baseUrl: server.url },
    },
    MODEL_DEPS,
  );
});

afterAll(async () => {
  await server.close();
});

const SCENARIOS: Readonly<Record<Scenario, Behaviour>> = {
  text: { kind: 'answer', text: 'one two three' },
  tools: {
    kind: 'answer',
    calls: [
      { name: 'add', arguments: { a: 1 } },
      { name: 'subtract', arguments: { b: 2 } },
    ],
  },
  structured: { kind: 'answer', text: '{"n": 7}' },
  misfit: { kind: 'answer', text: '{"n": "seven"}' },
  waiting: { kind: 'silence', text: 'one', ms: 3_600_000 },
  failing: FAULTS['500'] ?? { kind: 'cut', text: '' },
};

describeChatModels('OpenAI', async (scenario) => {
  server.script(SCENARIOS[scenario]);
  return { models, request: requestFor(scenario, { provider: 'default' }) };
});

function ask(parts: Partial<ModelRequest> = {}): ModelRequest {
  return { ...requestFor('text', { provider: 'default' }), ...parts };
}

async function call(request: ModelRequest, signal = new AbortController().signal) {
  const pieces: string[] = [];
  const response = await models.call(request, { signal, onText: (text) => pieces.push(text) });
  return { response, pieces };
}

async function failureOf(behaviour: Behaviour, request = ask()): Promise<unknown> {
  server.script(behaviour);
  return call(request).then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

function fault(name: string): Behaviour {
  const behaviour = FAULTS[name];
  if (behaviour === undefined) throw new Error(`no fault ${name}`);
  return behaviour;
}

describe('a request to OpenAI', () => {
  test('streams with usage, by chat completions, with the settings of the agent', async () => {
    server.script({ kind: 'answer', text: 'fine' });
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    await call(
      ask({
        model: { provider: 'openai', name: 'gpt-other', temperature: 0.5, maxOutputTokens: 77 },
      }),
    );
    server.script({ kind: 'answer', text: '{}' });
    await call(ask({ output: schema }));
    const [plain, structured] = server.requests.slice(-2);
    expect(plain?.headers['authorization']).toBe(`Bearer ${API_KEY}`);
    expect(plain?.body).toMatchObject({
      model: 'gpt-other',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      max_tokens: 77,
    });
    expect(structured?.body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'output', schema, strict: true },
    });
  });

  test('carries the conversation with its tool calls and their results', async () => {
    server.script({ kind: 'answer', text: 'fine' });
    await call(
      ask({
        instructions: 'Be kind.',
        messages: [
          { role: 'user', content: 'add' },
          {
            role: 'assistant',
            content: '',
            toolCalls: [{ id: 'c1', name: 'add', arguments: { a: 1 } }],
          },
          { role: 'tool', toolCallId: 'c1', name: 'add', content: '{"sum":1}', isError: false },
        ],
      }),
    );
    expect(server.requests.at(-1)?.body.messages).toMatchObject([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'add' },
      {
        role: 'assistant',
        tool_calls: [{ id: 'c1', function: { name: 'add', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: '{"sum":1}' },
    ]);
  });

  test('hands malformed arguments over as they came', async () => {
    server.script({ kind: 'answer', calls: [{ name: 'add', arguments: '{"a": 1' }] });
    const { response } = await call(ask());
    expect(response.toolCalls).toEqual([
      { id: 'call_fake_1', name: 'add', arguments: {}, malformed: '{"a": 1' },
    ]);
  });

  test.each([
    ['length', 'length'],
    ['content_filter', 'filtered'],
    ['insane', 'other'],
  ] as const)('maps the finish reason %s', async (finishReason, expected) => {
    server.script({ kind: 'answer', text: 'well', finishReason });
    expect((await call(ask())).response.finishReason).toBe(expected);
  });

  test('estimates the usage that a server keeps to itself', async () => {
    server.script({ kind: 'answer', text: 'one two three', usage: false });
    expect((await call(ask())).response.usage.outputTokens).toBeGreaterThan(0);
  });

  test('goes to the server once, whatever the failure', async () => {
    const before = server.requests.length;
    await failureOf(fault('500'));
    await failureOf(fault('429'));
    expect(server.requests.length).toBe(before + 2);
  });
});

describe('a failure of OpenAI', () => {
  test.each([
    ['429', 'model.rate_limited', 1_000],
    ['429ms', 'model.rate_limited', 250],
    ['quota', 'model.quota_exhausted', undefined],
    ['500', 'model.unavailable', undefined],
    ['503', 'model.unavailable', undefined],
    ['401', 'model.auth', undefined],
    ['400', 'model.bad_request', undefined],
    ['context', 'model.context_overflow', undefined],
    ['cut', 'model.stream_cut', undefined],
    ['interrupted', 'model.unavailable', undefined],
    ['unfinished', 'model.stream_cut', undefined],
  ])('by %s is %s', async (name, code, retryAfterMs) => {
    expect(await failureOf(fault(name))).toMatchObject({ code, retryAfterMs });
  });

  test.each(['silence', 'mute'])('by %s gives up and closes the connection', async (name) => {
    const request = ask({ model: { provider: 'default', silenceMs: SHORT_SILENCE_MS } });
    expect(await failureOf(fault(name), request)).toMatchObject({ code: 'model.silent' });
    const last = server.requests.at(-1);
    await last?.closed;
    expect(last?.closedByClient).toBe(true);
  });

  test('is not seen in an answer that is slow but steady', async () => {
    const words = Array.from({ length: 8 }, (_, index) => `word${index}`).join(' ');
    server.script({ kind: 'answer', text: words, chunkDelayMs: SHORT_SILENCE_MS / 5 });
    const request = ask({ model: { provider: 'default', silenceMs: SHORT_SILENCE_MS * 5 } });
    expect((await call(request)).response.text).toBe(words);
  });

  test('because nobody listens says so', async () => {
    const gone = await startOpenAiServer();
    await gone.close();
    const unreachable = createChatModels(
      { default: null, openai: { baseUrl: gone.url } },
      MODEL_DEPS,
    );
    const request = ask({ model: { provider: 'openai', name: 'x' } });
    const options = { signal: new AbortController().signal, onText: () => undefined };
    await expect(unreachable.call(request, options)).rejects.toMatchObject({
      code: 'model.unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('never shows the key or the request, not even when the vendor quotes them', async () => {
    const request = ask({
      instructions: 'the instructions of the agent',
      messages: [{ role: 'user', content: 'the question of the user' }],
    });
    const quoting = `bad: ${API_KEY} sk-live-0123456789 the instructions of the agent, the question of the user`;
    const statuses = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 503, 529];
    const behaviours: readonly Behaviour[] = [
      ...statuses.map((status): Behaviour => ({
        kind: 'error',
        status,
        headers: { 'x-echo': API_KEY },
        error: { message: quoting, code: quoting, param: quoting },
      })),
      { kind: 'error', status: 422, error: { detail: [{ input: quoting }] } },
      { kind: 'stream_error', text: 'well', error: { message: quoting } },
      fault('cut'),
    ];
    for (const behaviour of behaviours) {
      const shown = inspect(await failureOf(behaviour, request), {
        depth: Infinity,
        showHidden: true,
      });
      expect(shown).toContain("code: 'model.");
      expect(shown).not.toContain(API_KEY);
      expect(shown).not.toContain('0123456789');
      expect(shown).not.toContain('the instructions of the agent');
      expect(shown).not.toContain('the question of the user');
    }
  });
});

describe('stopping a call to OpenAI', () => {
  const reason = new Error('the run was stopped');

  async function expectStopped(running: Promise<unknown>): Promise<void> {
    await expect(running).rejects.toBe(reason);
    const last = server.requests.at(-1);
    await last?.closed;
    expect(last?.closedByClient).toBe(true);
  }

  test('before the first piece closes the connection', async () => {
    const stop = new AbortController();
    const before = server.requests.length;
    server.script({ kind: 'silence', ms: 3_600_000 });
    const running = call(ask(), stop.signal);
    while (server.requests.length === before) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    stop.abort(reason);
    await expectStopped(running);
  });

  test('in the middle of the answer closes the connection', async () => {
    const stop = new AbortController();
    server.script({ kind: 'silence', text: 'one', ms: 3_600_000 });
    const onText = () => stop.abort(reason);
    await expectStopped(models.call(ask(), { signal: stop.signal, onText }));
  });
});
