import { describe, expect, test } from '@jest/globals';
import type { ScriptTurn } from '../../../contracts/agent-spec.ts';
import { evaluate, renderTemplate } from '../../../engine/expression.ts';
import { validateJson } from '../../../engine/json-schema.ts';
import type { ModelDeps } from '../config.ts';
import type { ModelMessage, ModelRequest, ModelResponse } from '../port.ts';
import { describeChatModels, requestFor, type Scenario } from '../port.suite.ts';
import { createScriptedModel } from './scripted-model.ts';
import { wordPieces } from './word-pieces.ts';

const DEPS: ModelDeps = {
  validate: (schema, value) => validateJson(schema, value),
  evaluate,
  renderTemplate,
};

const SCRIPTS: Readonly<Record<Scenario, readonly ScriptTurn[]>> = {
  text: [{ say: 'one two three' }],
  tools: [
    {
      call: [
        { tool: 'add', arguments: { a: 1 } },
        { tool: 'subtract', arguments: { b: 2 } },
      ],
    },
  ],
  structured: [{ output: '{"n": 7}' }],
  misfit: [{ output: '{"n": "seven"}' }],
  waiting: [{ say: 'one two three' }],
  failing: [],
};

describeChatModels('the scripted model', async (scenario) => ({
  models: createScriptedModel(DEPS, scenario === 'waiting' ? 3_600_000 : 0),
  request: requestFor(scenario, { provider: 'scripted', script: SCRIPTS[scenario] }),
}));

const CALLED: ModelMessage = {
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'c', name: 'search', arguments: { q: 'x' } }],
};

function toolResult(content: string): ModelMessage {
  return { role: 'tool', toolCallId: 'c', name: 'search', content, isError: false };
}

async function play(
  script: readonly ScriptTurn[] | undefined,
  parts: Partial<ModelRequest> = {},
): Promise<ModelResponse> {
  const request = requestFor('text', {
    provider: 'scripted',
    ...(script === undefined ? {} : { script }),
  });
  const options = { signal: new AbortController().signal, onText: () => undefined };
  return createScriptedModel(DEPS, 0).call({ ...request, ...parts }, options);
}

describe('a script', () => {
  test('plays the first turn that holds', async () => {
    const script = [
      { when: 'turn == 2', say: 'second' },
      { when: 'last.contains("scenario")', say: 'about {{ last }}' },
      { say: 'never' },
    ];
    expect((await play(script)).text).toBe('about the text scenario');
  });

  test('counts turns from the last message of the user', async () => {
    const user: ModelMessage = { role: 'user', content: 'again' };
    const script = [{ say: '{{ turn }}' }];
    const messages = [user, CALLED, toolResult('1'), user, CALLED, toolResult('2')];
    expect((await play(script, { messages })).text).toBe('2');
    expect((await play(script, { messages: [user, CALLED, toolResult('1'), user] })).text).toBe(
      '1',
    );
    expect((await play(script, { messages: [] })).text).toBe('1');
  });

  test('sees instructions, tools, messages and the JSON of results', async () => {
    const messages: readonly ModelMessage[] = [
      { role: 'user', content: 'go' },
      CALLED,
      toolResult('{"hits": [{"title": "found"}]}'),
      toolResult('no JSON'),
    ];
    const tools = [{ name: 'search', description: 'searches', parameters: true }];
    const script = [
      {
        say: [
          '{{ instructions }}',
          '{{ tools[0].name }}',
          '{{ messages[0].content }}',
          '{{ messages[1].toolCalls[0].arguments.q }}',
          '{{ messages[2].json.hits[0].title }}',
          '{{ messages[3].json }}',
        ].join('|'),
      },
    ];
    const { text } = await play(script, { messages, tools, instructions: 'be' });
    expect(text).toBe('be|search|go|x|found|no JSON');
  });

  test('fills arguments in and numbers the calls', async () => {
    const script = [
      {
        call: [{ tool: 'search', arguments: { q: '{{ last }}!', deep: [{ n: '{{ turn }}' }] } }],
        calls: '[1, 2].map(n, {"tool": "page", "arguments": {"n": n}})',
      },
    ];
    expect((await play(script)).toolCalls).toEqual([
      {
        id: 'call_1_1',
        name: 'search',
        arguments: { q: 'the text scenario!', deep: [{ n: 1 }] },
      },
      { id: 'call_1_2', name: 'page', arguments: { n: 1 } },
      { id: 'call_1_3', name: 'page', arguments: { n: 2 } },
    ]);
  });

  test.each(['1', '[1]', '[{"tool": 1}]', '[{"tool": "a", "arguments": 1}]'])(
    'refuses %s as calls',
    async (calls) => {
      await expect(play([{ calls }])).rejects.toMatchObject({ code: 'expression.failed' });
    },
  );

  test('says so when it has nothing to play', async () => {
    const ended = play([{ when: 'turn == 5', say: 'x' }]);
    await expect(ended).rejects.toMatchObject({ code: 'model.script_ended' });
  });

  test('may say its output as JSON, and shows an output that nobody asked for', async () => {
    const output = { type: 'object', required: ['n'] };
    expect((await play([{ say: '{"n": 1}' }], { output })).output).toEqual({ n: 1 });
    expect(await play([{ output: '{"n": 1}' }])).toMatchObject({ text: '{"n":1}', output: null });
    const words = play([{ say: 'no JSON' }], { output });
    await expect(words).rejects.toMatchObject({ code: 'model.invalid_output' });
  });

  test('plays the same way every time', async () => {
    const script = [{ say: 'hello {{ last }}', calls: '[{"tool": "a"}]' }];
    expect(await play(script)).toEqual(await play(script));
  });
});

describe('without a script', () => {
  test('the answer says that no model is configured and what was asked', async () => {
    const { text, model } = await play(undefined);
    expect(text).toMatch(/No model is configured.*You asked: the text scenario$/);
    expect(model).toBe('scripted:echo');
  });

  test('structured output is refused with the remedy', async () => {
    const answer = play(undefined, { output: { type: 'object' } });
    await expect(answer).rejects.toMatchObject({
      code: 'model.not_configured',
      message: expect.stringContaining('OPENAI_API_KEY'),
    });
  });
});

test.each(['', 'a', ' a  b\nc ', '\n'])('the pieces of %j make it whole again', (text) => {
  expect(wordPieces(text).join('')).toBe(text);
});
