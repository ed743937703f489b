import { expect, test } from '@jest/globals';
import { isOutOfRoom } from './out-of-room.ts';

test.each([
  [new RangeError('Array buffer allocation failed'), true],
  [
    new Error('page 2 is broken', { cause: new RangeError('Array buffer allocation failed') }),
    true,
  ],
  [new RangeError('Invalid array length'), false],
  [new Error('page 2 is broken'), false],
  ['Array buffer allocation failed', false],
])('%s is for want of memory: %s', (error, expected) => {
  expect(isOutOfRoom(error)).toBe(expected);
});
