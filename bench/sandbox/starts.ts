import { setTimeout as sleep } from 'node:timers/promises';
import { createSandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import { untilFirstByte } from './commands.ts';
import { repeat, timed, type Samples } from './samples.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../../adapters/sandbox/port.ts';

const WARM_POLL_MS = 50;
const WARM_LIMIT_MS = 30_000;
const PARALLEL = 10;

/** Makes a spec with a new id. */
export type NewSpec = () => SandboxSpec;

async function startOne(driver: SandboxDriver, spec: SandboxSpec): Promise<Sandbox> {
  const sandbox = await driver.create(spec);
  await untilFirstByte(sandbox);
  return sandbox;
}

/** From nothing to the first byte of a command, one by one, and how long an end takes. */
export async function measureCold(
  driver: SandboxDriver,
  newSpec: NewSpec,
  rounds: number,
): Promise<readonly Samples[]> {
  const kills: number[] = [];
  await (await startOne(driver, newSpec())).kill();
  const starts = await repeat(rounds, async () => {
    let sandbox: Sandbox | undefined;
    const ms = await timed(async () => (sandbox = await startOne(driver, newSpec())));
    const last = sandbox;
    if (last !== undefined) kills.push(await timed(() => last.kill()));
    return ms;
  });
  return [
    { what: 'cold start, to the first byte', unit: 'ms', values: starts },
    { what: 'kill, until it is gone', unit: 'ms', values: kills },
  ];
}

/** From a claim in a pool to the first byte of a command. */
export async function measureWarm(
  driver: DockerDriver,
  newSpec: NewSpec,
  rounds: number,
): Promise<readonly Samples[]> {
  const warn = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  await using pool = createSandboxPool({ driver, most: 1, warn });
  const claimed: Sandbox[] = [await startOne(pool, newSpec())];
  const waitForWarm = async (): Promise<void> => {
    const limit = Date.now() + WARM_LIMIT_MS;
    while (pool.metrics().warm === 0 && Date.now() < limit) await sleep(WARM_POLL_MS);
  };
  const values = await repeat(rounds, async () => {
    await waitForWarm();
    const ms = await timed(async () => claimed.push(await startOne(pool, newSpec())));
    await Promise.all(claimed.splice(0).map((sandbox) => sandbox.kill()));
    return ms;
  });
  const { hits } = pool.metrics();
  if (hits !== rounds) throw new Error(`only ${hits} of ${rounds} starts were warm`);
  return [{ what: 'warm start, claim to first byte', unit: 'ms', values }];
}

/** Ten starts at the same time, for the latency of the last. */
export async function measureParallelStarts(
  driver: SandboxDriver,
  newSpec: NewSpec,
  rounds: number,
): Promise<readonly Samples[]> {
  const values = await repeat(rounds, async () => {
    let started: readonly Sandbox[] = [];
    const ms = await timed(async () => {
      const starts = Array.from({ length: PARALLEL }, () => startOne(driver, newSpec()));
      started = await Promise.all(starts);
    });
    await Promise.all(started.map((sandbox) => sandbox.kill()));
    return ms;
  });
  return [{ what: `${PARALLEL} cold starts at the same time`, unit: 'ms', values }];
}
