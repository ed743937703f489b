import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import { createEgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import { reap } from '../../adapters/sandbox/pool/reap.ts';
import { DEFAULT_SANDBOX_LIMITS, NO_NETWORK } from '../../contracts/sandbox.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { DockerDriverOptions } from '../../adapters/sandbox/docker/options.ts';
import type { ExecRequest, Sandbox, SandboxSpec } from '../../adapters/sandbox/port.ts';
import type { CommandResult } from '../../contracts/sandbox.ts';

const TTL_MS = 120_000;

/** Drivers of one installation of a test file's own; disposing of it leaves nothing behind. */
export interface DriverBench extends AsyncDisposable {
  readonly folder: string;
  readonly warnings: string[];
  /** Another driver of the same installation, as another process would have. */
  open(options?: Partial<DockerDriverOptions>): DockerDriver;
}

/** Makes a place for sandboxes that no other test shares. */
export async function openBench(
  socketPath: string,
  fixed: Partial<DockerDriverOptions> = {},
): Promise<DriverBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hfs-'));
  const installation = `test-${randomBytes(6).toString('hex')}`;
  const drivers: DockerDriver[] = [];
  const warnings: string[] = [];
  const open: DriverBench['open'] = (options = {}) => {
    const driver = createDockerDriver({
      socketFolder: path.join(folder, 's'),
      egress: createEgressProxy(),
      docker: { socketPath },
      installation,
      // Found out by starts of its own otherwise, in each of these places anew.
      transport: 'socket',
      warn: (sentence) => warnings.push(sentence),
      ...fixed,
      ...options,
    });
    drivers.push(driver);
    return driver;
  };
  return {
    folder,
    warnings,
    open,
    [Symbol.asyncDispose]: async () => {
      const last = open({ ceilings: { sandboxes: 1, memoryMb: 64, cpus: 1, pids: 64 } });
      for (const { id } of await last.list()) await last.remove(id);
      await reap({ driver: last, now: Date.now(), isWanted: async () => false });
      const { ways } = await last.parts();
      await ways.sweep(new Set(), Date.now() + TTL_MS);
      for (const driver of drivers) await driver[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A sandbox to make, with a new id unless one is given. */
export function specOf(changes: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    id: `t_${randomBytes(8).toString('hex')}`,
    workspaceId: 'ws_test',
    runId: 'run_test',
    image: 'base',
    limits: DEFAULT_SANDBOX_LIMITS,
    network: NO_NETWORK,
    ttlMs: TTL_MS,
    maxTtlMs: TTL_MS,
    ...changes,
  };
}

/** How a command ended, with all that it wrote. */
export interface Ran extends CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(
  sandbox: Sandbox,
  argv: readonly string[],
  changes: Partial<ExecRequest> = {},
): Promise<Ran> {
  await using command = await sandbox.exec({
    commandId: randomBytes(8).toString('hex'),
    argv,
    deadlineMs: 30_000,
    maxOutputBytes: 1_000_000,
    ...changes,
  });
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, bytes } of command.output) chunks[stream].push(bytes);
  const result = await command.result;
  const textOf = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString();
  return { ...result, stdout: textOf(chunks.stdout), stderr: textOf(chunks.stderr) };
}

/** Runs a line of shell to its end. */
export function shell(sandbox: Sandbox, line: string): Promise<Ran> {
  return run(sandbox, ['sh', '-c', line]);
}
