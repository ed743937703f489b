import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { stopOrphanPostgres } from '../../start/embedded-postgres.ts';
import { stopOrphanDevServer } from '../../temporal/server/dev-server.ts';
import { startProcess } from '../harness/processes.ts';
import type { TestProcess } from '../harness/processes.ts';

const binary = process.env['HOLDFAST_TEST_TEMPORAL_BINARY'] ?? 'temporal';
const API_LINE = /^ {2}API +(http:\S+)/;
const TEST_MS = 120_000;

let home: string;
let started: TestProcess[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-main-'));
  await chmod(home, 0o755);
  started = [];
});

afterAll(async () => {
  await Promise.all(started.map((each) => each.stop()));
  await stopOrphanPostgres(join(home, 'postgres'));
  await stopOrphanDevServer(join(home, 'temporal'));
  await rm(home, { recursive: true, force: true });
});

interface Begun {
  readonly process: TestProcess;
  readonly url: string;
}

/** `npm start` without a demo and without servers given, on a state folder of its own. */
async function begin(...args: readonly string[]): Promise<Begun> {
  const running = await startProcess({
    file: 'start/main.ts',
    args: ['--no-demo', ...args],
    env: {
      HOLDFAST_HOME: home,
      HOLDFAST_LOG_LEVEL: 'warn',
      PATH: `${dirname(binary)}${delimiter}${process.env['PATH'] ?? ''}`,
    },
    ready: (line) => API_LINE.exec(line)?.[1] ?? (line.includes('runs (worker)') ? '' : null),
  });
  started.push(running.process);
  return { process: running.process, url: running.value };
}

async function listAgents(url: string): Promise<number> {
  const key = await readFile(join(home, 'api-key'), 'utf8');
  const response = await fetch(`${url}/v1/agents`, {
    headers: { authorization: `Bearer ${key.trim()}` },
  });
  await response.arrayBuffer();
  return response.status;
}

test(
  'a start that is killed is followed by one with the same key, address and data',
  async () => {
    const first = await begin();
    expect(await listAgents(first.url)).toBe(200);
    const key = await readFile(join(home, 'api-key'), 'utf8');
    await first.process.kill();
    const second = await begin();
    expect(second.url).toBe(first.url);
    expect(await listAgents(second.url)).toBe(200);
    expect(await readFile(join(home, 'api-key'), 'utf8')).toBe(key);
  },
  TEST_MS,
);

test(
  'another start on the same folder names the one that runs, and a part alone joins it',
  async () => {
    const [running] = started.slice(-1);
    const sentence = `already: process ${running?.pid ?? 0} at http://127.0.0.1:`;
    await expect(begin()).rejects.toThrow(sentence);
    const worker = await begin('--only', 'worker');
    expect(worker.process.output()).toContain('Joining the installation of process');
    await worker.process.stop();
    expect(await worker.process.exited).toBe(0);
  },
  TEST_MS,
);

test(
  'a part whose reader is gone goes on, and stops in order',
  async () => {
    const worker = await begin('--only', 'worker');
    worker.process.stopReading();
    await worker.process.stop();
    expect(await worker.process.exited).toBe(0);
  },
  TEST_MS,
);

test(
  'a stop ends every server and a later start finds all state',
  async () => {
    const running = started.at(-3);
    await running?.stop();
    expect(running?.output()).toMatch(/Stopped\.$/);
    expect(await stopOrphanPostgres(join(home, 'postgres'))).toBe(false);
    expect(await stopOrphanDevServer(join(home, 'temporal'))).toBe(false);
    const again = await begin();
    expect(await listAgents(again.url)).toBe(200);
  },
  TEST_MS,
);
