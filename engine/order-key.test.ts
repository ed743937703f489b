import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  branchKey,
  depthOf,
  firstKey,
  forkKey,
  indexOf,
  isUnder,
  joinKey,
  keyAt,
  nextKey,
  pathOf,
  shortPath,
  visibleRanges,
} from './order-key.ts';

const MANY = { numRuns: 1_000 };

/** A key as integers: an index, then pairs of branch and index. */
const numbers = fc
  .tuple(
    fc.nat({ max: 3 }),
    fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })), { maxLength: 3 }),
  )
  .map(([first, pairs]) => [first, ...pairs.flat()]);

function keyOf(list: readonly number[]): string {
  let key = keyAt('', list[0] ?? 0);
  for (let at = 1; at < list.length; at += 2) {
    key = branchKey(key, list[at] ?? 0);
    for (let step = 0; step < (list[at + 1] ?? 0); step++) key = nextKey(key);
  }
  return key;
}

/** Order of the graph: number by number, a fork before what is in its branches. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}

/** Visibility by its definition, number by number. */
function mayRead(reader: readonly number[], writer: readonly number[]): boolean {
  for (let at = 0; at < reader.length; at++) {
    const mine = reader[at] ?? 0;
    const other = writer[at];
    if (other === undefined) return true;
    if (other === mine) continue;
    // Even places are indexes on a path, odd ones are branches.
    return at % 2 === 0 && other < mine;
  }
  return false;
}

function isVisible(reader: string, writer: string): boolean {
  return visibleRanges(reader).some(({ after, upTo }) => after < writer && writer <= upTo);
}

describe('order keys', () => {
  test('begin at 0 and count up on a path', () => {
    expect(firstKey()).toBe('00000');
    expect(nextKey('00009')).toBe('00010');
    expect(nextKey('00003.00001.00041')).toBe('00003.00001.00042');
    expect(keyAt('00003.00001', 7)).toBe('00003.00001.00007');
    expect(indexOf('00003.00001.00042')).toBe(42);
  });

  test('lead into branches and out of them', () => {
    expect(branchKey('00003', 1)).toBe('00003.00001.00000');
    expect(pathOf('00003.00001.00002')).toBe('00003.00001');
    expect(pathOf('00003')).toBe('');
    expect(depthOf('00003')).toBe(0);
    expect(depthOf('00003.00001.00002.00000.00004')).toBe(2);
    expect(forkKey('00003.00001.00002.00000.00004', 1)).toBe('00003.00001.00002');
    expect(joinKey('00003.00001.00002.00000.00004', 1)).toBe('00003.00001.00003');
    expect(joinKey('00003.00001.00002.00000.00004', 0)).toBe('00004');
  });

  test('know what is in a branch of a fork', () => {
    expect(isUnder('00003', '00003.00001.00000')).toBe(true);
    expect(isUnder('00003', '00003')).toBe(false);
    expect(isUnder('00003', '00004.00001.00000')).toBe(false);
  });

  test('give short paths for step ids', () => {
    expect(shortPath('00003.00001')).toBe('3.1');
    expect(shortPath('00000.00000')).toBe('0.0');
    expect(shortPath('')).toBe('');
  });

  test('sort by bytes as the graph goes', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [x, y] = [keyOf(a), keyOf(b)];
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(compare(a, b));
      }),
      MANY,
    );
  });
});

describe('visible ranges', () => {
  test('hold the own path, open forks that lead here and closed forks', () => {
    expect(visibleRanges('00003.00001.00002')).toEqual([
      { after: '', upTo: '00003' },
      { after: '00003.00001', upTo: '00003.00001.00001.~' },
    ]);
    expect(visibleRanges('00003.00001.00000')).toEqual([{ after: '', upTo: '00003' }]);
    expect(visibleRanges('00002')).toEqual([{ after: '', upTo: '00001.~' }]);
    expect(visibleRanges('00000')).toEqual([]);
  });

  test('show what comes before, and never a sibling branch', () => {
    fc.assert(
      fc.property(numbers, numbers, (reader, writer) => {
        expect(isVisible(keyOf(reader), keyOf(writer))).toBe(mayRead(reader, writer));
      }),
      MANY,
    );
  });

  test('do not overlap, so that no write is folded twice', () => {
    fc.assert(
      fc.property(numbers, (reader) => {
        const ranges = visibleRanges(keyOf(reader));
        for (const [at, range] of ranges.entries()) {
          expect(range.after < range.upTo).toBe(true);
          expect((ranges[at - 1]?.upTo ?? '') <= range.after).toBe(true);
        }
      }),
      MANY,
    );
  });
});
