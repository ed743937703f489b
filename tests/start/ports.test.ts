import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePort } from '../../start/ports.ts';

let folder: string;
let file: string;
let lines: string[];
let blockers: Server[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-ports-'));
  file = join(folder, 'ports.json');
  lines = [];
  blockers = [];
});

afterEach(async () => {
  for (const blocker of blockers) await new Promise((resolve) => blocker.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function block(port: number): Promise<number> {
  const blocker = createServer();
  blockers.push(blocker);
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  const address = blocker.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function choose(wanted: number, explicit = false): Promise<number> {
  return choosePort({ name: 'API', wanted, explicit, file, log: (line) => lines.push(line) });
}

test('a port that is taken is replaced by a following free one, which is said', async () => {
  const taken = await block(0);
  const chosen = await choose(taken);
  expect(chosen).toBeGreaterThan(taken);
  expect(lines).toEqual([`API: port ${taken} is taken, using ${chosen}`]);
});

test('the choice of the first start stays, also when the wanted port is free again', async () => {
  const taken = await block(0);
  const chosen = await choose(taken);
  await new Promise((resolve) => blockers.pop()?.close(resolve));
  lines = [];
  expect(await choose(taken)).toBe(chosen);
  expect(lines).toEqual([]);
});

test('a remembered port that is taken by now is given up for the wanted one', async () => {
  const remembered = await block(0);
  const wanted = await block(0);
  await new Promise((resolve) => blockers.pop()?.close(resolve));
  writeFileSync(file, JSON.stringify({ API: remembered }));
  expect(await choose(wanted)).toBe(wanted);
  expect(lines).toEqual([`API: port ${remembered} is taken, using ${wanted}`]);
});

test('a port that was asked for is never replaced', async () => {
  const taken = await block(0);
  const sentence = `API: port ${taken} was asked for and is taken; free it or ask for another.`;
  await expect(choose(taken, true)).rejects.toThrow(sentence);
});

test('a damaged memory is forgotten', async () => {
  writeFileSync(file, '{"API": ');
  const wanted = await block(0);
  await new Promise((resolve) => blockers.pop()?.close(resolve));
  expect(await choose(wanted)).toBe(wanted);
});
