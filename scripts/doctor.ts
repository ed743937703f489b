/**
 * Says which levels of sandboxes this machine can really give, by starting one of each, and how to
 * get those that it cannot. Exits with 0 if at least one level works.
 *   npm run doctor
 */
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDockerDriver } from '../adapters/sandbox/docker/docker-driver.ts';
import { createProcessDriver } from '../adapters/sandbox/process/process-driver.ts';
import { createEgressProxy } from '../adapters/sandbox/egress/proxy.ts';
import { SANDBOX_IMAGES, SANDBOX_LEVELS } from '../contracts/sandbox.ts';
import { LABELS } from './sandbox-images/build.ts';
import { connect, findSocket, labelsOf } from './sandbox-images/docker-connection.ts';
import type { DriverProbe, SandboxDriver } from '../adapters/sandbox/port.ts';
import type { SandboxLevel } from '../contracts/sandbox.ts';

type Make = (folder: string) => Promise<SandboxDriver>;

/** As a worker would be told; without it, doctor finds out. */
const TRANSPORT = (['socket', 'attach'] as const).find(
  (name) => name === process.env['HOLDFAST_SANDBOX_TRANSPORT'],
);
const TMPFS_MAGIC = 0x01021994;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function dockerOf(runtime?: { level: 'gvisor' | 'microvm'; name: string }): Make {
  return async (folder) => {
    const socketPath = await findSocket(process.env);
    return createDockerDriver({
      socketFolder: folder,
      egress: createEgressProxy(),
      installation: `doctor-${process.pid}`,
      warn: (sentence) => say(`  note: ${sentence}`),
      ...(TRANSPORT === undefined ? {} : { transport: TRANSPORT }),
      ...(socketPath === undefined ? {} : { docker: { socketPath } }),
      ...(runtime === undefined ? {} : { runtime }),
    });
  };
}

const MAKERS: Readonly<Record<SandboxLevel, Make>> = {
  process: async (socketFolder) =>
    createProcessDriver({ socketFolder, egress: createEgressProxy() }),
  docker: dockerOf(),
  gvisor: dockerOf({ level: 'gvisor', name: 'runsc' }),
  microvm: dockerOf({ level: 'microvm', name: 'kata' }),
};

async function probe(level: SandboxLevel, folder: string): Promise<DriverProbe> {
  try {
    const driver = await MAKERS[level](folder);
    try {
      return await driver.probe();
    } finally {
      await driver[Symbol.asyncDispose]();
    }
  } catch (error) {
    return { ok: false, evidence: [error instanceof Error ? error.message : String(error)] };
  }
}

async function describeImages(): Promise<readonly string[]> {
  const socket = await findSocket(process.env);
  if (socket === undefined) return ['no Docker daemon answers, so none can be seen'];
  const docker = connect(socket);
  return Promise.all(
    SANDBOX_IMAGES.map(async (image) => {
      const labels = await labelsOf(docker, `holdfast-sandbox-${image}:latest`);
      if (labels === undefined)
        return `${image}: missing; npm run sandbox-images -- build ${image}`;
      return `${image}: content ${labels[LABELS.content] ?? 'unknown'}`;
    }),
  );
}

async function describeFolder(): Promise<string> {
  const { type } = await statfs('/run');
  return type === TMPFS_MAGIC
    ? '/run is a tmpfs: a good place for the sockets of sandboxes'
    : '/run is no tmpfs: what a sandbox writes into its folder while it starts is on the disk';
}

async function main(): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-'));
  // Sandboxes that are processes run as another user, who passes through it.
  await chmod(folder, 0o711);
  const working: SandboxLevel[] = [];
  try {
    for (const level of SANDBOX_LEVELS) {
      const { ok, evidence } = await probe(level, path.join(folder, level));
      if (ok) working.push(level);
      say(`${level}: ${ok ? 'works' : 'does not work'}`);
      for (const line of evidence) say(`  ${line}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say('host');
  say(`  ${await describeFolder()}`);
  say('images');
  for (const line of await describeImages()) say(`  ${line}`);
  if (working.length > 0) say(`Sandboxes can be had here: ${working.join(', ')}.`);
  else say('No sandbox can be had here.');
  return working.length > 0 ? 0 : 1;
}

process.exitCode = await main();
