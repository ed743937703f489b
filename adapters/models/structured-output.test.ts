import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../contracts/json.ts';
import { createAnswerBuilder } from './answer.ts';
import type { ModelDeps } from './config.ts';
import type { ModelDelta } from './delta.ts';
import { ANSWER_TOOL, isStrict, parseOutput, planOutput } from './structured-output.ts';

const DEPS: ModelDeps = {
  validate: (_schema, value) =>
    value === 'bad' ? [{ pointer: '/x', code: 'schema.misfit', message: 'must not be bad' }] : [],
  evaluate: () => null,
  renderTemplate: (text) => text,
};

describe('a plan for structured output', () => {
  test('puts what is no object into one, with its definitions at the root', () => {
    const asked = { $ref: '#/$defs/n', $defs: { n: { type: 'number' } } };
    expect(planOutput(asked)).toMatchObject({
      wrapped: true,
      schema: { type: 'object', properties: { value: asked }, $defs: asked.$defs },
    });
    expect(planOutput({ type: 'object' })).toMatchObject({ wrapped: false });
  });

  test.each<[string, Json]>([
    ['{"value": 3}', 3],
    ['{"value": null}', null],
    ['```json\n{"value": [1]}\n```', [1]],
    ['3', 3],
  ])('finds the value in %j', (text, expected) => {
    expect(parseOutput(planOutput(true), text, DEPS)).toEqual(expected);
  });

  test.each([
    ['', /is empty/],
    ['{"value": 3', /is not JSON/],
    ['Sure! {"value": 3}', /is not JSON/],
    ['{"value": "bad"}', /at \/x: must not be bad/],
  ])('refuses %j', (text, message) => {
    expect(() => parseOutput(planOutput(true), text, DEPS)).toThrow(message);
  });
});

describe('strictness of a schema', () => {
  const closed = { type: 'object', additionalProperties: false };
  test.each<[boolean, Json]>([
    [true, { ...closed, properties: { a: { type: 'string' } }, required: ['a'] }],
    [false, { ...closed, properties: { a: { type: 'string' } } }],
    [false, { type: 'object', properties: {} }],
    [false, { ...closed, properties: { a: { type: 'object' } }, required: ['a'] }],
    [false, { ...closed, properties: { a: { oneOf: [] } }, required: ['a'] }],
  ])('is %p for %j', (expected, schema) => {
    expect(isStrict(schema)).toBe(expected);
  });
});

describe('an answer', () => {
  const piece: ModelDelta = { text: '', toolCalls: [], finishReason: null, usage: null };
  const builder = (output: Json = null) => {
    const pieces: string[] = [];
    const plan = output === null ? null : planOutput({ type: 'object' });
    const request = {
      model: { provider: 'openai' as const },
      instructions: 'twelve chars',
      messages: [],
      tools: [],
      output: plan === null ? null : plan.asked,
    };
    const onText = (text: string) => pieces.push(text);
    return {
      pieces,
      ...createAnswerBuilder({ request, plan, model: 'openai:x', onText, deps: DEPS }),
    };
  };

  test('without an end was cut, even if it ended politely', () => {
    const answer = builder();
    answer.add({ ...piece, text: 'half an' });
    expect(() => answer.finish()).toThrow(expect.objectContaining({ code: 'model.stream_cut' }));
  });

  test('adds usage up, and estimates what a server keeps to itself', () => {
    const counted = builder();
    counted.add({ ...piece, usage: { inputTokens: 3, outputTokens: 1 } });
    counted.add({ ...piece, finishReason: 'stop', usage: { inputTokens: 0, outputTokens: 4 } });
    expect(counted.finish().usage).toEqual({ inputTokens: 3, outputTokens: 5 });
    const silent = builder();
    silent.add({ ...piece, text: 'eight ch', finishReason: 'stop' });
    expect(silent.finish().usage).toEqual({ inputTokens: 3, outputTokens: 2 });
  });

  test('takes the answering tool for the output, not for a call', () => {
    const call = { index: 0, id: 'a', name: ANSWER_TOOL, argumentsText: '{"n":1}' };
    const answer = builder(true);
    answer.add({ ...piece, toolCalls: [call], finishReason: 'tool_calls' });
    expect(answer.finish()).toMatchObject({
      toolCalls: [],
      output: { n: 1 },
      text: '{"n":1}',
      finishReason: 'stop',
    });
    expect(answer.pieces).toEqual(['{"n":1}']);
  });

  test('lets tool calls go before the output', () => {
    const answer = builder(true);
    const answering = { index: 0, id: 'a', name: ANSWER_TOOL, argumentsText: '{"n":1}' };
    const calling = { index: 1, id: 'b', name: 'add', argumentsText: '' };
    answer.add({ ...piece, toolCalls: [answering, calling], finishReason: 'stop' });
    expect(answer.finish()).toMatchObject({
      output: null,
      finishReason: 'tool_calls',
      toolCalls: [{ name: 'add' }],
    });
  });

  test.each([
    ['length', /raise maxOutputTokens/],
    ['filtered', /refused to answer/],
  ] as const)('that ended by %s has no output', (finishReason, message) => {
    const answer = builder(true);
    answer.add({ ...piece, text: '{"n"', finishReason });
    expect(() => answer.finish()).toThrow(message);
  });
});
