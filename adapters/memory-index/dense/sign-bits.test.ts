import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SignBits } from './sign-bits.ts';

const ROWS = 40;
const LIMIT = 7;

/** Dimensions in which the signs differ, of those that the query does not leave out. */
function differing(query: readonly number[], other: readonly number[]): number {
  return query.filter((value, index) => value !== 0 && value >= 0 !== (other[index] ?? 0) >= 0)
    .length;
}

test.each([1, 31, 32, 33, 64, 96, 97, 128, 300])(
  'the rows that differ least are chosen, with %i dimensions',
  (dimensions) => {
    const vector = fc.array(fc.integer({ min: -2, max: 2 }), {
      minLength: dimensions,
      maxLength: dimensions,
    });
    const vectors = fc.array(vector, { minLength: ROWS, maxLength: ROWS });
    fc.assert(
      fc.property(vectors, vector, (rows, query) => {
        const bits = new SignBits(dimensions);
        const centre = new Float64Array(dimensions);
        for (const [row, values] of rows.entries()) {
          bits.set(row, Float32Array.from(values), centre);
        }
        const all = Int32Array.from(rows.keys());
        // One search must leave nothing to the next.
        bits.nearest({ vector: Float32Array.from(rows[0] ?? []), centre }, all, LIMIT);
        const chosen = [...bits.nearest({ vector: Float32Array.from(query), centre }, all, LIMIT)];
        expect(new Set(chosen).size).toBe(LIMIT);
        const distances = rows.map((values) => differing(query, values));
        const found = chosen.map((row) => distances[row] ?? -1);
        expect(found.sort((a, b) => a - b)).toEqual(
          distances.toSorted((a, b) => a - b).slice(0, LIMIT),
        );
      }),
      { numRuns: 20 },
    );
  },
);
