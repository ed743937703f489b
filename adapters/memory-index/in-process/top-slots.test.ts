import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TopSlots } from './top-slots.ts';

test('keeps the best of whatever is offered, the lower slot first among equals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.integer({ min: 1, max: 30 }),
      (scores, limit) => {
        const top = new TopSlots(limit, (a, b) => a < b);
        for (const [slot, score] of scores.entries()) top.offer(slot, score);
        const expected = scores
          .map((score, slot) => ({ slot, score }))
          .sort((a, b) => b.score - a.score || a.slot - b.slot);
        expect(top.take()).toEqual(expected.slice(0, limit));
      },
    ),
  );
});
