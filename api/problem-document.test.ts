import { describe, expect, test } from '@jest/globals';
import { AppError } from '../contracts/app-error.ts';
import { ERRORS, isErrorCode } from '../contracts/errors.ts';
import { problemDocumentSchema } from '../contracts/json.schema.ts';
import { problemReply, toAppError, toProblemDocument } from './problem-document.ts';

describe('problem documents', () => {
  test.each(Object.keys(ERRORS).filter(isErrorCode))('tell %s with its status', (code) => {
    const document = toProblemDocument(new AppError(code, 'a sentence'), 'req-1');
    expect(problemDocumentSchema.parse(document)).toEqual(document);
    expect(document).toMatchObject({
      type: `urn:holdfast:error:${code}`,
      status: ERRORS[code].status,
      detail: 'a sentence',
      code,
      instance: 'req-1',
    });
  });

  test('list what is wrong where', () => {
    const problems = [{ pointer: '/a', code: 'x.y', message: 'no' }];
    const error = new AppError('request.invalid', 'two things', { problems });
    expect(toProblemDocument(error, 'r').problems).toEqual(problems);
  });

  test('carry waiting time and challenge in headers', () => {
    const later = new AppError('service.unavailable', 'not now', { retryAfterMs: 1_200 });
    expect(problemReply(later, 'r').headers).toMatchObject({ 'retry-after': '2' });
    const who = new AppError('auth.missing', 'who are you?');
    expect(problemReply(who, 'r').headers).toMatchObject({ 'www-authenticate': 'Bearer' });
  });
});

describe('foreign errors', () => {
  test('become internal without their details', () => {
    const error = toAppError(new Error('password=hunter2'));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(toProblemDocument(error, 'r'))).not.toContain('hunter2');
  });

  test.each([
    Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('going down'), { code: '57P01' }),
    new Error('Connection terminated unexpectedly'),
  ])('say "try again" where the database is away: %s', (cause) => {
    const error = toAppError(cause);
    expect(error.code).toBe('service.unavailable');
    expect(error.retryable).toBe(true);
  });
});
