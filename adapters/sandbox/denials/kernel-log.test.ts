import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LIMITS } from '../../../contracts/limits.ts';
import { openKernelLog, type KernelPlaces } from './kernel-log.ts';
import { withDenials } from './denials.ts';
import type { DeniedCall } from '../../../contracts/sandbox.ts';

let folder: string;
let places: Required<KernelPlaces>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kmsg-'));
  const at = (name: string): string => path.join(folder, name);
  places = { log: at('kmsg'), logged: at('actions_logged'), processes: at('proc') };
  await mkdir(places.processes);
  await writeFile(places.logged, 'kill_process errno log\n');
  await writeFile(places.log, '');
});

afterEach(async () => rm(folder, { recursive: true }));

function record(serial: number, session: string): string {
  return `5,1,1,-;audit: type=1326 audit(1.000:${serial}): auid=1 ses=${session} pid=7 comm="x" arch=c000003e syscall=165 code=0x50000\n`;
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(5);
}

test('tells those who follow a session of its calls, also of earlier ones', async () => {
  await using log = await openKernelLog(places);
  expect(log.reason).toBeNull();
  await appendFile(places.log, record(1, '5') + record(2, '6'));
  const calls: string[] = [];
  const others: string[] = [];
  log.follow('5', ({ id }) => calls.push(id));
  await appendFile(places.log, record(3, '5'));
  await until(() => calls.length === 2);
  expect(calls).toEqual(['1.000:1', '1.000:3']);
  log.follow('6', ({ id }) => others.push(id));
  expect(others).toEqual(['1.000:2']);
});

test('tells one who leaves of what happened before', async () => {
  await using log = await openKernelLog(places);
  const calls: DeniedCall[] = [];
  const following = log.follow('5', (call) => calls.push(call));
  await appendFile(places.log, record(1, '5'));
  following[Symbol.dispose]();
  await until(() => calls.length === 1);
  await appendFile(places.log, record(2, '5'));
  log.follow('6', () => undefined)[Symbol.dispose]();
  await sleep(20);
  expect(calls).toHaveLength(1);
});

test('says why it tells nothing', async () => {
  await using unreadable = await openKernelLog({ ...places, log: path.join(folder, 'none') });
  expect(unreadable.reason).toMatch(/kernel's log cannot be read: .*ENOENT/);
  await mkdir(path.join(places.processes, '99'));
  await writeFile(path.join(places.processes, '99', 'comm'), 'auditd\n');
  await using taken = await openKernelLog(places);
  expect(taken.reason).toMatch(/audit daemon/);
  await writeFile(places.logged, 'kill_process\n');
  await using silent = await openKernelLog(places);
  expect(silent.reason).toMatch(/writes no refused calls down/);
});

test('takes a bounded number of calls for each command', async () => {
  await using log = await openKernelLog(places);
  const exec = async (): Promise<never> => Promise.reject(new Error('not run'));
  const sandbox = withDenials({ exec }, { log, sessionOf: async () => '5' });
  const calls: DeniedCall[] = [];
  sandbox.onDenied((call) => calls.push(call));
  const many = LIMITS.deniedCallsPerCommand + 50;
  const burst = (from: number) =>
    Array.from({ length: many }, (_, at) => record(from + at, '5')).join('');
  await appendFile(places.log, burst(0));
  await until(() => calls.length === LIMITS.deniedCallsPerCommand);
  let seen = 0;
  log.follow('end', () => (seen += 1));
  await appendFile(places.log, record(9_000, 'end'));
  await until(() => seen === 1);
  expect(calls).toHaveLength(LIMITS.deniedCallsPerCommand);
  const request = { commandId: 'next', argv: [], deadlineMs: 1, maxOutputBytes: 1 };
  await sandbox.exec(request).catch(() => undefined);
  await appendFile(places.log, burst(10_000));
  await until(() => calls.length === 2 * LIMITS.deniedCallsPerCommand);
});
