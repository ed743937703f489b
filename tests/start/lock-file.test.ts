import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, livingHolder } from '../../start/lock-file.ts';
import { identifyProcess } from '../../temporal/server/process-identity.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
  file = join(folder, 'deep', 'lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function putLock(holder: object): void {
  acquireLock(file, 'It').release();
  writeFileSync(file, JSON.stringify({ host: hostname(), ...holder }));
}

test('a lock that is held names its holder, and is free after the release', () => {
  const lock = acquireLock(file, 'The folder');
  expect(() => acquireLock(file, 'The folder')).toThrow(
    `The folder is in use by process ${process.pid}; stop it first.`,
  );
  lock.release();
  acquireLock(file, 'The folder').release();
});

test('the lock of a process that was killed is taken over', async () => {
  const child = spawn('sleep', ['100']);
  const identity = identifyProcess(child.pid ?? 0);
  putLock({ ...identity });
  expect(() => acquireLock(file, 'It')).toThrow(`process ${child.pid ?? 0}`);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  acquireLock(file, 'It').release();
});

test('a process that merely has the id of a dead holder does not count as the holder', () => {
  putLock({ pid: process.pid, begun: 'another moment' });
  expect(livingHolder(file)).toBeUndefined();
  acquireLock(file, 'It').release();
});

test('a damaged lock is replaced', () => {
  putLock({});
  writeFileSync(file, '{"pid": 1');
  acquireLock(file, 'It').release();
});

test('a lock of another host counts while its holder keeps it young', () => {
  putLock({ pid: 7, begun: '1', host: 'elsewhere' });
  expect(() => acquireLock(file, 'It')).toThrow('It is in use by process 7 on elsewhere');
  const minuteAgo = new Date(Date.now() - 60_000);
  utimesSync(file, minuteAgo, minuteAgo);
  acquireLock(file, 'It').release();
});
