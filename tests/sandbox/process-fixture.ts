import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import { createProcessDriver } from '../../adapters/sandbox/process/process-driver.ts';
import type { ProcessDriverOptions } from '../../adapters/sandbox/process/options.ts';
import type { DriverProbe, SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { SuiteBench } from './port.suite.ts';

/** Drivers on one folder of a test file's own; disposing of it leaves nothing behind. */
export interface ProcessBench extends SuiteBench {
  readonly folder: string;
  open(options?: Partial<ProcessDriverOptions>): SandboxDriver;
}

/** Makes a place for sandboxes that no other test shares. */
export async function openProcessBench(): Promise<ProcessBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hfp-'));
  // The sandboxes' user passes through it.
  await chmod(folder, 0o711);
  const drivers: SandboxDriver[] = [];
  const open: ProcessBench['open'] = (options = {}) => {
    const socketFolder = path.join(folder, 's');
    const driver = createProcessDriver({ socketFolder, egress: createEgressProxy(), ...options });
    drivers.push(driver);
    return driver;
  };
  return {
    folder,
    open,
    [Symbol.asyncDispose]: async () => {
      const last = open();
      for (const { id } of await last.list()) await last.remove(id);
      for (const driver of drivers) await driver[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What this machine gives, from a real start. */
export async function probeProcessLevel(): Promise<DriverProbe> {
  await using bench = await openProcessBench();
  return await bench.open().probe();
}
