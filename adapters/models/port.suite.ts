import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import type { ChatModels, ModelRequest, ModelResponse, ToolDefinition } from './port.ts';

/** A situation that every implementation can be brought into. */
export type Scenario =
  /** Answers `one two three`. */
  | 'text'
  /** Calls `add` with `{"a": 1}` and `subtract` with `{"b": 2}`, at once. */
  | 'tools'
  /** Answers `{"n": 7}` to a schema that demands an integer `n`. */
  | 'structured'
  /** Answers `{"n": "seven"}` to the same schema. */
  | 'misfit'
  /** Does not end before the test does. */
  | 'waiting'
  /** Fails in any way that has a code. */
  | 'failing';

/** An implementation in a scenario, and the request to make. */
export interface Subject {
  readonly models: ChatModels;
  readonly request: ModelRequest;
}

const TOOLS: readonly ToolDefinition[] = ['add', 'subtract'].map((name) => ({
  name,
  description: `${name}s numbers`,
  parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
}));

const SCHEMA = {
  type: 'object',
  properties: { n: { type: 'integer' } },
  required: ['n'],
  additionalProperties: false,
};

/** A request for a scenario, for subjects whose model needs no particular message. */
export function requestFor(scenario: Scenario, model: ModelRequest['model']): ModelRequest {
  return {
    model,
    instructions: 'Do as you are told.',
    messages: [{ role: 'user', content: `the ${scenario} scenario` }],
    tools: scenario === 'tools' ? TOOLS : [],
    output: scenario === 'structured' || scenario === 'misfit' ? SCHEMA : null,
  };
}

/** What every implementation of `ChatModels` does alike. */
export function describeChatModels(
  name: string,
  open: (scenario: Scenario) => Promise<Subject>,
): void {
  describe(`${name} as a chat model`, () => {
    test('streams its text in order and returns it whole', async () => {
      const { response, pieces } = await answer(await open('text'));
      expect(response).toMatchObject({ text: 'one two three', finishReason: 'stop' });
      expect(response).toMatchObject({ toolCalls: [], output: null });
      expect(pieces.join('')).toBe('one two three');
      expect(pieces.length).toBeGreaterThan(1);
    });

    test('counts the tokens that it used and says who answered', async () => {
      const { response } = await answer(await open('text'));
      expect(response.usage.inputTokens).toBeGreaterThan(0);
      expect(response.usage.outputTokens).toBeGreaterThan(0);
      expect(response.model).toMatch(/^[\w-]+:.+/);
    });

    test('calls several tools at once, each with its own id', async () => {
      const { response } = await answer(await open('tools'));
      expect(response.finishReason).toBe('tool_calls');
      expect(response.toolCalls).toMatchObject([
        { name: 'add', arguments: { a: 1 } },
        { name: 'subtract', arguments: { b: 2 } },
      ]);
      expect(new Set(response.toolCalls.map(({ id }) => id)).size).toBe(2);
    });

    test('parses the structured output', async () => {
      const { response } = await answer(await open('structured'));
      expect(response.output).toEqual({ n: 7 });
    });

    test('refuses structured output that does not fit its schema', async () => {
      const failure = answer(await open('misfit'));
      await expect(failure).rejects.toMatchObject({ code: 'model.invalid_output' });
    });

    test('rejects at once when it is stopped already', async () => {
      const reason = new Error('stopped before');
      const subject = await open('text');
      await expect(answer(subject, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test('rejects with the reason when it is stopped in the middle', async () => {
      const stop = new AbortController();
      const call = answer(await open('waiting'), stop.signal);
      const reason = new Error('stopped in the middle');
      setImmediate(() => stop.abort(reason));
      await expect(call).rejects.toBe(reason);
    });

    test('fails with a code of its own', async () => {
      const failure: unknown = await answer(await open('failing')).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AppError);
      expect(failure).toMatchObject({ code: expect.stringMatching(/^model\./) });
    });
  });
}

async function answer(
  { models, request }: Subject,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly response: ModelResponse; readonly pieces: readonly string[] }> {
  const pieces: string[] = [];
  const response = await models.call(request, { signal, onText: (text) => pieces.push(text) });
  return { response, pieces };
}
