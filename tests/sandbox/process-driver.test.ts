import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeUnless } from '../harness/not-run.ts';
import { until } from '../harness/until.ts';
import { run, shell, specOf } from './docker-fixture.ts';
import { openProcessBench, probeProcessLevel } from './process-fixture.ts';
import type { SandboxDriver, SandboxSpec } from '../../adapters/sandbox/port.ts';
import type { ProcessBench } from './process-fixture.ts';

const { ok, evidence } = await probeProcessLevel();

const source = (name: string): string =>
  JSON.stringify(new URL(`../../adapters/sandbox/${name}`, import.meta.url).href);

/** Node closes what it inherits for its own children only up to the first gap. */
const INHERITED = 40;

/** A worker of its own, killed as soon as it has made the sandbox; its parent gave it an open file. */
async function makeElsewhere(folder: string, spec: SandboxSpec, file: string): Promise<void> {
  const script = `
    const { createProcessDriver } = await import(${source('process/process-driver.ts')});
    const { createEgressProxy } = await import(${source('egress/proxy.ts')});
    const options = { socketFolder: ${JSON.stringify(folder)}, egress: createEgressProxy() };
    await createProcessDriver(options).create(${JSON.stringify(spec)});
    process.stdout.write('made');`;
  const secret = openSync(file, 'r');
  const argv = ['--input-type=module', '-e', script];
  const unused = Array.from({ length: INHERITED - 3 }, () => 'ignore' as const);
  const worker = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'inherit', ...unused, secret],
  });
  closeSync(secret);
  if (worker.stdout !== null) await once(worker.stdout, 'data');
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

test('a machine without bubblewrap or Python is told what to install', async () => {
  await using bench = await openProcessBench();
  for (const [options, missing] of [
    [{ bwrap: '/nowhere/bwrap' }, 'install bubblewrap'],
    [{ python: '/nowhere/python3' }, 'install python3'],
  ] as const) {
    const driver = bench.open(options);
    await expect(driver.create(specOf())).rejects.toMatchObject({
      code: 'sandbox.unavailable',
      message: expect.stringContaining(missing),
    });
    const probe = await driver.probe();
    expect(probe.ok).toBe(false);
    expect(probe.evidence.join()).toContain(missing);
  }
});

describeUnless(ok ? null : evidence.join('; '), 'sandboxes as processes', () => {
  let bench: ProcessBench;
  let driver: SandboxDriver;
  const file = (key: string, kind: string): string => path.join(bench.folder, 's', key + kind);
  const firstOf = ({ id }: SandboxSpec): number =>
    Number.parseInt(readFileSync(file(id, '.pid'), 'utf8'), 10);

  beforeAll(async () => {
    bench = await openProcessBench();
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('outlive a worker that is killed, and have none of its open files', async () => {
    const spec = specOf();
    const secret = path.join(bench.folder, 'secret');
    await writeFile(secret, 'of the worker');
    await makeElsewhere(path.join(bench.folder, 's'), spec, secret);
    const sandbox = await driver.connect(spec.id);
    const look = `import os; os.fstat(${INHERITED})`;
    expect((await run(sandbox, ['python3', '-c', look])).stderr).toContain('Bad file descriptor');
    await sandbox.kill();
    // Its driver learns of the death too, and takes its turn for a moment.
    await until('nothing but its death to be left', async () => {
      const names = await readdir(path.join(bench.folder, 's'));
      const left = names.filter((name) => name.includes(spec.id));
      return left.length === 1 && left[0] === `${spec.id}.json`;
    });
  });

  test('get the version of Node that the worker has, and the Python of the host', async () => {
    const sandbox = await driver.create(specOf());
    expect((await run(sandbox, ['node', '--version'])).stdout).toBe(`${process.version}\n`);
    expect((await run(sandbox, ['python3', '--version'])).stdout).toMatch(/^Python 3/);
    await sandbox.kill();
  });

  test('see no place of the host but its programs', async () => {
    const sandbox = await driver.create(specOf());
    const { stdout } = await shell(sandbox, 'ls -A /; ls -A /run /opt /tmp');
    expect(stdout).not.toMatch(/^(home|root|srv|var|mnt|media|boot)$/m);
    expect(stdout).toContain('/run:\nholdfast\n');
    const vsock = await run(sandbox, ['python3', '-c', 'import socket; socket.socket(40, 1)']);
    expect(vsock.stderr).toContain('Address family not supported');
    await sandbox.kill();
  });

  test('whose first process is killed are called killed, by all who look', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    process.kill(firstOf(spec), 'SIGKILL');
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('that die unseen tell why afterwards, and leave nothing', async () => {
    const spec = specOf();
    const passing = bench.open();
    await passing.create(spec);
    await passing[Symbol.asyncDispose]();
    process.kill(firstOf(spec), 'SIGKILL');
    const gone = { code: 'sandbox.lost', message: expect.stringContaining('killed') };
    const later = bench.open();
    await until('the death', async () => (await later.list()).every(({ id }) => id !== spec.id));
    await expect(later.connect(spec.id)).rejects.toMatchObject(gone);
    await expect(driver.connect(spec.id)).rejects.toMatchObject(gone);
    const left = (await readdir(path.join(bench.folder, 's'))).filter((name) =>
      name.includes(spec.id),
    );
    expect(left).toEqual([`${spec.id}.json`]);
  });

  test('of an id are made although a worker died over it', async () => {
    const spec = specOf();
    await driver.list();
    await writeFile(file(spec.id, '.turn'), '999999999 1');
    await (await driver.create(spec)).kill();
  });
});
