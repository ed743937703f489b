import { expect, test } from '@jest/globals';
import type { ServerProcess } from '../temporal/server/server-process.ts';
import { supervise } from './supervise.ts';

/** A server whose processes end when told. */
function createFakeServer(failures: readonly string[] = []) {
  const pending = [...failures];
  let starts = 0;
  let end: (how: string) => void = () => undefined;
  const begin = (): ServerProcess => {
    const exited = new Promise<string>((resolve) => (end = resolve));
    const rest = { isRunning: () => true, lastWords: () => '', stop: async () => undefined };
    return { name: 'fake', pid: 100 + starts, exited, ...rest };
  };
  let current = begin();
  return {
    server: {
      name: 'fake',
      process: () => current,
      restart: async () => {
        starts += 1;
        const failure = pending.shift();
        if (failure !== undefined) throw new Error(failure);
        current = begin();
      },
    },
    end: (how: string) => end(how),
    starts: () => starts,
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test('a server that ends by itself is started again and that is said', async () => {
  const fake = createFakeServer();
  const lines: string[] = [];
  supervise(fake.server, { log: (line) => lines.push(line), wait: async () => undefined });
  fake.end('SIGKILL');
  await settle();
  expect(fake.starts()).toBe(1);
  expect(lines).toEqual([
    'fake ended by itself (SIGKILL); starting it again in 500 ms',
    'fake runs again (process 101)',
  ]);
});

test('a server that keeps failing is tried later and later, at most every 30 seconds', async () => {
  const fake = createFakeServer(Array.from({ length: 8 }, () => 'no'));
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  supervise(fake.server, { log: () => undefined, wait, now: () => 0 });
  fake.end('exit code 1');
  await settle();
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a server that ran for a minute is started again at once', async () => {
  const fake = createFakeServer(['no', 'no']);
  const waits: number[] = [];
  let nowMs = 0;
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  supervise(fake.server, { log: () => undefined, wait, now: () => nowMs });
  fake.end('exit code 1');
  await settle();
  nowMs += 61_000;
  fake.end('exit code 1');
  await settle();
  expect(waits).toEqual([500, 1000, 2000, 500]);
});

test('a server that is stopped on purpose stays stopped', async () => {
  const fake = createFakeServer();
  const unwatch = supervise(fake.server, { log: () => undefined, wait: async () => undefined });
  unwatch();
  fake.end('exit code 0');
  await settle();
  expect(fake.starts()).toBe(0);
});
