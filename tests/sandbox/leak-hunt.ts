import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reap } from '../../adapters/sandbox/pool/reap.ts';
import { createSandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import { startProcess } from '../harness/processes.ts';
import { openBench, shell, specOf } from './docker-fixture.ts';
import { findLeftovers, volumesOf, watchContainers } from './leftovers.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { Sandbox, SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { DriverBench } from './docker-fixture.ts';
import type Docker from 'dockerode';

/** What to look for leaks with. */
export interface LeakHunt {
  readonly socketPath: string;
  readonly docker: Docker;
  readonly count: number;
  readonly log: (line: string) => void;
}

const LIMITS = { memoryMb: 128, cpus: 1, pids: 32, diskMb: 16 };
const CEILINGS = { sandboxes: 1_000, memoryMb: 65_536, cpus: 2, pids: 32_768 };
const SHORT_MS = 4_000;
const LONG_MS = 30 * 60_000;
const AT_A_TIME = 4;
/** A reaper comes again and again; processes may need a moment to end. */
const PASSES = 6;
const PAUSE_MS = 500;
/** Docker's client keeps for a while as many connections as it used at once. */
const KEPT_SOCKETS = 2 * AT_A_TIME;

/** How a sandbox comes to its end. */
const ENDS = ['kill', 'ttl', 'paused', 'outside', 'forgotten'] as const;
type End = (typeof ENDS)[number];

const LOSE: Readonly<
  Record<End, (sandbox: Sandbox, tools: LeakHunt & { driver: DockerDriver }) => Promise<unknown>>
> = {
  kill: (sandbox) => sandbox.kill(),
  ttl: async (sandbox) => sandbox[Symbol.asyncDispose](),
  paused: (sandbox) => sandbox.pause(),
  outside: async (sandbox, { docker, driver }) => {
    const { folders } = await driver.parts();
    const key = (await folders.keyOf(sandbox.id)) ?? sandbox.id;
    await docker.getContainer(`holdfast-${key}`).remove({ force: true });
  },
  forgotten: async (sandbox) => sandbox[Symbol.asyncDispose](),
};

async function useAndLose(
  tools: LeakHunt & { readonly driver: DockerDriver },
  pool: SandboxDriver,
  index: number,
): Promise<void> {
  const end = ENDS[index % ENDS.length] ?? 'kill';
  const ttlMs = end === 'ttl' ? SHORT_MS : LONG_MS;
  const workspaceId = `ws_${index % 3}`;
  // One that waited in a pool lives as long as it was promised there.
  const maker = end === 'ttl' ? tools.driver : pool;
  const sandbox = await maker.create(
    specOf({ limits: LIMITS, workspaceId, ttlMs, maxTtlMs: LONG_MS }),
  );
  await shell(sandbox, 'echo x > file; (setsid sleep 600 >/dev/null 2>&1 &)');
  await sandbox.files.list();
  await LOSE[end](sandbox, tools);
}

async function useAll(tools: LeakHunt & { readonly driver: DockerDriver }): Promise<void> {
  const { driver, count } = tools;
  const warn = (sentence: string): void => tools.log(sentence);
  await using pool = createSandboxPool({ driver, most: 2, warn });
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      await useAndLose(tools, pool, index);
      if (index % 50 === 49) tools.log(`${index + 1} sandboxes used`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

/** Another process makes some, keeps one warm, and is killed. */
async function useInKilledProcess(bench: DriverBench, hunt: LeakHunt): Promise<void> {
  const count = Math.max(2, Math.round(hunt.count / 10));
  const { installation, socketFolder } = (await bench.open().parts()).options;
  const specs = Array.from({ length: count }, (_, index) => ({
    ...{ id: `owned_${index}`, workspaceId: 'ws_owned', limits: LIMITS },
    ...{ ttlMs: LONG_MS, maxTtlMs: LONG_MS },
  }));
  const order = { socketPath: hunt.socketPath, socketFolder, installation, specs, warm: 1 };
  const owner = await startProcess({
    file: 'tests/fakes/sandbox-owner-main.ts',
    args: [JSON.stringify(order)],
    env: {},
    ready: (line) => (line.includes('isReady') ? true : null),
  });
  await owner.process.kill();
}

/** Open sockets of this process. */
async function ownSockets(): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith('socket:')).length;
}

/** Makes, uses and loses sandboxes in all ways there are, and tells what is left of them. */
export async function huntLeaks(hunt: LeakHunt): Promise<{
  readonly made: number;
  readonly leftovers: readonly string[];
}> {
  const volumesBefore = new Set(await volumesOf(hunt.docker));
  const socketsBefore = await ownSockets();
  const { made, leftovers } = await useAndReap(hunt);
  const volumes = (await volumesOf(hunt.docker)).filter((name) => !volumesBefore.has(name));
  const sockets = (await ownSockets()) - socketsBefore;
  return {
    made,
    leftovers: [
      ...leftovers,
      ...volumes.map((name) => `volume ${name}`),
      ...(sockets > KEPT_SOCKETS ? [`${sockets} open sockets of this process`] : []),
    ],
  };
}

async function useAndReap(hunt: LeakHunt): Promise<{ made: number; leftovers: readonly string[] }> {
  await using bench = await openBench(hunt.socketPath);
  const { installation } = (await bench.open().parts()).options;
  const folder = path.join(bench.folder, 's');
  const { docker } = hunt;
  await using made = await watchContainers(
    hunt.docker,
    `dev.holdfast.installation=${installation}`,
  );
  const driver = bench.open({ ceilings: CEILINGS });
  await Promise.all([useAll({ ...hunt, driver }), useInKilledProcess(bench, hunt)]);
  await driver[Symbol.asyncDispose]();
  hunt.log(`${made.ids.length} containers made, reaping`);
  const reaper = bench.open({ ceilings: CEILINGS });
  let leftovers: readonly string[] = ['never looked'];
  for (let pass = 0; pass < PASSES && leftovers.length > 0; pass += 1) {
    await sleep(pass * PAUSE_MS);
    for (const minutes of [2, 300]) {
      const now = Date.now() + minutes * 60_000;
      await reap({ driver: reaper, now, isWanted: async () => false });
    }
    leftovers = [
      ...(await findLeftovers({ docker, installation, folder, containerIds: made.ids })),
      ...(await readdir(folder)).map((name) => `file or folder ${name}`),
    ];
  }
  return { made: made.ids.length, leftovers };
}
