import { expect, test } from '@jest/globals';
import { createShutdown } from './shutdown.ts';

test('parts end one after the other, the last one first, after watching has stopped', async () => {
  const order: string[] = [];
  const shutdown = createShutdown(() => undefined);
  for (const name of ['postgres', 'temporal', 'worker']) {
    shutdown.add(name, async () => void order.push(name));
  }
  shutdown.addWatch(() => order.push('unwatched'));
  await shutdown.run();
  expect(order).toEqual(['unwatched', 'worker', 'temporal', 'postgres']);
});

test('a part that fails to end is killed and does not keep the others', async () => {
  const order: string[] = [];
  const shutdown = createShutdown((line) => order.push(line));
  shutdown.add('postgres', async () => void order.push('postgres ended'));
  const broken = async (): Promise<void> => Promise.reject(new Error('stuck'));
  shutdown.add('temporal', broken, async () => void order.push('temporal killed'));
  await shutdown.run();
  expect(order).toEqual([
    'temporal did not stop cleanly: Error: stuck',
    'temporal killed',
    'postgres ended',
  ]);
});

test('asking twice ends everything once', async () => {
  let ends = 0;
  const shutdown = createShutdown(() => undefined);
  shutdown.add('part', async () => void (ends += 1));
  await Promise.all([shutdown.run(), shutdown.run()]);
  expect(ends).toBe(1);
});
