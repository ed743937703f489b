import { readFile, readdir } from 'node:fs/promises';
import { repeat, type Samples } from './samples.ts';
import type { NewSpec } from './starts.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';

const KIB = 1024;

/** Memory of its own of each process whose command line holds the text; shared pages by share. */
async function pssOf(text: string): Promise<readonly number[]> {
  const found = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        try {
          const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
          if (!command.includes(text)) return [];
          const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
          return [(Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * KIB) / 1e6];
        } catch {
          return [];
        }
      }),
  );
  return found.flat();
}

/** What idle sandboxes use: counted by their control groups, and by Docker's process beside each. */
export async function measureMemory(
  driver: SandboxDriver,
  newSpec: NewSpec,
  count: number,
): Promise<readonly Samples[]> {
  const sandboxes = await repeat(count, () => driver.create(newSpec()));
  const inside = await Promise.all(
    sandboxes.map(async (sandbox) => (await sandbox.metrics()).memoryBytes / 1e6),
  );
  const shims = await pssOf('containerd-shim');
  await Promise.all(sandboxes.map((sandbox) => sandbox.kill()));
  const samples: Samples[] = [{ what: 'memory of an idle sandbox', unit: 'MB', values: inside }];
  if (driver.level === 'docker') {
    samples.push({ what: "Docker's process beside a sandbox", unit: 'MB', values: shims });
  }
  return samples;
}
