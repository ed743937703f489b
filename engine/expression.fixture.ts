import type { JsonObject } from '../contracts/json.ts';

/** Values that test expressions see. */
export const SCOPE: JsonObject = {
  input: { name: 'Ada', tags: ['a', 'b'], none: null, ok: true },
  state: {
    count: 2,
    score: 0.5,
    n: 3,
    items: [{ id: 1 }, { id: 2 }],
    text: 'Grüße 👋',
    word: 'one two',
  },
  visit: 1,
};

/** The code of what is thrown; the value if nothing is. */
export function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}
