import { expect, test } from '@jest/globals';
import { createRecentCache } from './recent-cache.ts';

test('loads a value once, also for many who ask at the same time', async () => {
  const cache = createRecentCache<number>(2);
  let loads = 0;
  const load = async (): Promise<number> => (loads += 1);
  expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
  expect(loads).toBe(1);
});

test('forgets what was unused for longest', async () => {
  const cache = createRecentCache<string>(2);
  const loaded: string[] = [];
  const get = (key: string): Promise<string> =>
    cache.get(key, async () => {
      loaded.push(key);
      return key;
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await get(key)).toBe(key);
  expect(loaded).toEqual(['a', 'b', 'c', 'b']);
});

test('forgets a load that failed', async () => {
  const cache = createRecentCache<number>(2);
  await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await cache.get('a', async () => 1)).toBe(1);
});
