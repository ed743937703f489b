import { describe, expect, test } from '@jest/globals';
import { AppError, toFailure } from './app-error.ts';
import { canonicalJson } from './canonical-json.ts';
import { contentText } from './message.ts';
import { ERRORS, isErrorCode } from './errors.ts';
import { eventId } from './event.ts';
import { isBlobRef } from './blob.ts';
import { isId, newId } from './ids.ts';
import { isJsonObject } from './json.ts';
import { isTerminal, RUN_STATUSES } from './status.ts';

describe('failures', () => {
  test('carry their code, their cause and what else the thrower says', () => {
    const cause = new Error('below');
    const problems = [{ pointer: '/a', code: 'spec.missing', message: 'is missing' }];
    const error = new AppError('model.rate_limited', 'wait', { cause, problems, retryAfterMs: 5 });
    expect(error).toMatchObject({ code: 'model.rate_limited', problems, retryAfterMs: 5, cause });
    expect(error.retryable).toBe(true);
    const plain = new AppError('run.not_found', 'no such run');
    expect(plain).toMatchObject({ problems: [], retryAfterMs: undefined, retryable: false });
    expect('cause' in plain).toBe(false);
  });

  test('become data, without the details of errors that are not ours', () => {
    expect(toFailure(new AppError('run.ended', 'over'))).toEqual({
      code: 'run.ended',
      message: 'over',
    });
    const foreign = toFailure(new Error('password 123'));
    expect(foreign.code).toBe('internal');
    expect(foreign.message).not.toContain('123');
  });

  test('have codes of one shape, each with an HTTP status', () => {
    for (const [code, spec] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^([a-z_]+\.[a-z_]+|internal)$/);
      expect(spec.status).toBeGreaterThanOrEqual(400);
    }
    expect(isErrorCode('run.ended')).toBe(true);
    for (const other of ['toString', 'run.unheard_of', 1]) expect(isErrorCode(other)).toBe(false);
  });
});

describe('values', () => {
  test.each([
    [{ b: 1, a: [{ d: null, c: 'x' }] }, '{"a":[{"c":"x","d":null}],"b":1}'],
    ['a"b', '"a\\"b"'],
    [[], '[]'],
    [{}, '{}'],
  ])('have one text, whatever the order of their keys: %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('are told from references', () => {
    expect(isBlobRef({ $blob: 'abc', sizeBytes: 1 })).toBe(true);
    for (const other of [{ $blob: 1 }, 'abc', null, ['$blob']])
      expect(isBlobRef(other)).toBe(false);
  });

  test('are objects when they are neither lists nor null', () => {
    expect(isJsonObject({})).toBe(true);
    for (const other of [[], null, 'a', undefined]) expect(isJsonObject(other)).toBe(false);
  });

  test('are texts in messages as they are, and other JSON printed', () => {
    expect(contentText('hi')).toBe('hi');
    expect(contentText({ a: 1 })).toBe('{"a":1}');
  });
});

describe('names', () => {
  test('of things say what they name and sort by time', () => {
    const ids = Array.from({ length: 50 }, () => newId('run'));
    expect(new Set(ids).size).toBe(50);
    const times = ids.map((id) => id.slice(0, 16));
    expect(times).toEqual(times.toSorted());
    for (const id of ids) {
      expect(isId('run', id)).toBe(true);
      expect(isId('agent', id)).toBe(false);
    }
    expect(isId('run', `${newId('run')}0`)).toBe(false);
  });

  test('of events on the wire have a second number for pieces of text', () => {
    const event = {
      type: 'run.started',
      seq: 3,
      at: '2026-01-01T00:00:00.000Z',
      data: {},
    } as const;
    expect(eventId(event)).toBe('3');
    const token = { type: 'token', seq: 3, sub: 2, stepId: 'a:1', attempt: 1, text: 'x' } as const;
    expect(eventId(token)).toBe('3.2');
  });

  test('of states say which ones are final', () => {
    expect(RUN_STATUSES.filter(isTerminal)).toEqual(['succeeded', 'failed', 'cancelled']);
  });
});
