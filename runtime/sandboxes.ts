import Docker from 'dockerode';
import { createHash, randomBytes } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '../contracts/app-error.ts';
import { createDockerDriver, type DockerDriver } from '../adapters/sandbox/docker/docker-driver.ts';
import { createEgressProxy, type EgressProxy } from '../adapters/sandbox/egress/proxy.ts';
import { createImageStore, type ImageStore } from '../adapters/sandbox/pool/image-store.ts';
import { createProcessDriver } from '../adapters/sandbox/process/process-driver.ts';
import { createRunSandboxes, type RunSandboxes } from '../activities/sandbox/run-sandboxes.ts';
import { createSandboxPool, type SandboxPool } from '../adapters/sandbox/pool/sandbox-pool.ts';
import { DEFAULT_SANDBOX_LIMITS, NO_NETWORK } from '../contracts/sandbox.ts';
import { isTerminal } from '../contracts/status.ts';
import { reap } from '../adapters/sandbox/pool/reap.ts';
import { repeat } from './repeat.ts';
import type { Config, Secrets } from './config.ts';
import type { FileStore } from '../db/stores/file-store.ts';
import { countedDriver } from './counted-driver.ts';
import type { Metrics } from './metrics.ts';
import type { Logger } from './logger.ts';
import type { RunStore } from '../db/stores/run-store.ts';
import type { SandboxDriver } from '../adapters/sandbox/port.ts';
import type { SandboxLevel } from '../contracts/sandbox.ts';
import type { SandboxRecord } from '../adapters/sandbox/docker/sandbox-folders.ts';
import type { SandboxStore } from '../db/stores/sandbox-store.ts';
import type { WorkspaceStore } from '../db/stores/workspace-store.ts';

/** What a process's sandboxes are made from. */
export interface SandboxesDeps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly keyPepper: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly files: FileStore;
  readonly runs: Pick<RunStore, 'get'>;
  readonly sandboxes: SandboxStore;
  readonly workspaces: Pick<WorkspaceStore, 'get'>;
}

/** The sandboxes of an installation on this machine; nothing starts before one is wanted. */
export interface InstallationSandboxes extends AsyncDisposable {
  readonly runs: RunSandboxes;
  /** Removes leftovers again and again, until it is disposed of; for workers. */
  tend(): AsyncDisposable;
}

const RUNTIMES = { gvisor: 'runsc', microvm: 'kata' } as const;
const TEND_MS = 30_000;
const PREWARM_MS = 60_000;
const OVER_MS = 5_000;
const OVERDUE_AT_A_TIME = 100;
/** A run that waits for a person this long gives its sandbox away; its files are kept. */
const IDLE_MS = 10 * 60_000;

/** Opens drivers for the levels that the configuration names. */
export function openSandboxes(deps: SandboxesDeps): InstallationSandboxes {
  const { config, files, sandboxes, workspaces, log, metrics } = deps;
  const { levels, warm } = config.sandboxes;
  const warn = (sentence: string): void => log.warn(sentence);
  const docker = new Docker(dockerOptions(config.sandboxes.dockerHost));
  const images = createImageStore({
    docker,
    file: path.join(folderOf(deps), 'images.json'),
    pinned: [],
  });
  const place = { ...deps, egress: createEgressProxy(config.sandboxes), warn };
  const dockerDrivers = levels
    .filter((level) => level !== 'process')
    .map((level) => dockerDriver(place, level));
  const pools = dockerDrivers.map((driver) => {
    const pool = createSandboxPool({ driver, most: warm, warn });
    metrics.watchPool(pool.level, () => pool.metrics());
    return noting(pool, images);
  });
  const processes = levels.includes('process') ? [processDriver(place)] : [];
  const drivers = [...pools, ...processes].map((driver) => countedDriver(driver, metrics));
  const runs = createRunSandboxes({
    ...{ drivers, files, sandboxes, warn },
    host: hostname(),
    minLevel: async (workspaceId) => (await workspaces.get(workspaceId)).sandboxMinLevel,
  });
  return {
    runs,
    tend: () => {
      const warmed = prewarm(deps, dockerDrivers);
      const work = async (): Promise<void> => {
        await warmed;
        await tend(deps, { drivers: dockerDrivers, processes, images });
      };
      return repeat(TEND_MS, work, (error) => tellFailure(deps, error));
    },
    async [Symbol.asyncDispose]() {
      await runs[Symbol.asyncDispose]();
      for (const driver of drivers) await driver[Symbol.asyncDispose]();
      for (const driver of dockerDrivers) await driver[Symbol.asyncDispose]();
    },
  };
}

/** Equal for all processes of an installation, and for no other on the same daemon. */
function installationOf({ config, keyPepper }: SandboxesDeps): string {
  const { namespace, taskQueue } = config.temporal;
  const text = JSON.stringify(['sandboxes', keyPepper, namespace, taskQueue]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Short, since paths of sockets must be; on a tmpfs where the system has one. */
function folderOf(deps: SandboxesDeps): string {
  const { folder } = deps.config.sandboxes;
  if (folder !== null) return folder;
  const uid = process.getuid?.() ?? 0;
  const root = uid === 0 ? '/run/holdfast' : path.join(tmpdir(), `holdfast-${uid}`);
  return path.join(root, installationOf(deps));
}

function dockerOptions(host: string | null): Docker.DockerOptions | undefined {
  return host?.startsWith('unix://') === true
    ? { socketPath: host.slice('unix://'.length) }
    : undefined;
}

type Place = SandboxesDeps & {
  readonly egress: EgressProxy;
  readonly warn: (sentence: string) => void;
};

function dockerDriver(place: Place, level: Exclude<SandboxLevel, 'process'>): DockerDriver {
  const { ceilings, dockerHost, transport } = place.config.sandboxes;
  const docker = dockerOptions(dockerHost);
  const installation = installationOf(place);
  const folder = folderOf(place);
  return createDockerDriver({
    ...{ egress: place.egress, ceilings, warn: place.warn, secretsOf: secretsOf(place) },
    transport,
    ...(docker === undefined ? {} : { docker }),
    ...(level === 'docker'
      ? { socketFolder: path.join(folder, 'd'), installation }
      : {
          socketFolder: path.join(folder, level.slice(0, 1)),
          installation: `${installation}-${level}`,
          runtime: { level, name: RUNTIMES[level] },
        }),
  });
}

function processDriver(place: Place): SandboxDriver {
  return createProcessDriver({
    socketFolder: path.join(folderOf(place), 'p'),
    egress: place.egress,
    secretsOf: secretsOf(place),
  });
}

function secretsOf({ secrets }: Place) {
  return (workspaceId: string) =>
    secrets.sandboxHeaders.filter((one) => [null, workspaceId].includes(one.workspaceId));
}

/** Keeps the times at which images were used, for the one that removes them. */
function noting(pool: SandboxPool, images: ImageStore): SandboxDriver {
  return {
    level: pool.level,
    probe: () => pool.probe(),
    create: async (spec) => {
      const sandbox = await pool.create(spec);
      images.touch(spec.image).catch(() => undefined);
      return sandbox;
    },
    connect: (id, onRequest) => pool.connect(id, onRequest),
    list: () => pool.list(),
    remove: (id) => pool.remove(id),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** What a first sandbox reads from the disk, the next ones find in memory. */
async function prewarm(deps: SandboxesDeps, drivers: readonly DockerDriver[]): Promise<void> {
  const driver = drivers.find(({ level }) => level === 'docker');
  for (const image of driver === undefined ? [] : deps.config.sandboxes.prewarm) {
    const id = `prewarm_${randomBytes(8).toString('hex')}`;
    const life = { ttlMs: PREWARM_MS, maxTtlMs: PREWARM_MS, limits: DEFAULT_SANDBOX_LIMITS };
    try {
      const owner = { workspaceId: 'prewarm', runId: null, network: NO_NETWORK };
      await using _sandbox = await driver?.create({ id, image, ...owner, ...life });
      deps.log.info({ image }, 'started a sandbox in advance');
    } catch (error) {
      deps.log.warn({ err: error, image }, 'no sandbox could be started in advance');
    } finally {
      await driver?.remove(id).catch(() => undefined);
    }
  }
}

async function tend(
  deps: SandboxesDeps,
  parts: {
    readonly drivers: readonly DockerDriver[];
    readonly processes: readonly SandboxDriver[];
    readonly images: ImageStore;
  },
): Promise<void> {
  const { sandboxes } = deps;
  // One level that fails must not keep the others from being looked after.
  const works = [
    () => tendContainers(deps, parts),
    ...parts.processes.map((driver) => () => tendProcesses(deps, driver)),
  ];
  for (const work of works) await work().catch((error: unknown) => tellFailure(deps, error));
  for (const { id, workspaceId } of await sandboxes.overdue(OVERDUE_AT_A_TIME)) {
    await sandboxes.markDead(workspaceId, { id, reason: 'ttl' });
  }
}

async function tendContainers(
  deps: SandboxesDeps,
  { drivers, images }: { readonly drivers: readonly DockerDriver[]; readonly images: ImageStore },
): Promise<void> {
  const { log, config } = deps;
  const isWanted = (record: SandboxRecord): Promise<boolean> => isStillWanted(deps, record);
  for (const driver of drivers) {
    const reaped = await reap({ driver, now: Date.now(), isWanted });
    const { expired, dead, orphaned, leftovers } = reaped;
    if (expired + dead + orphaned + leftovers > 0)
      log.info({ level: driver.level, ...reaped }, 'removed what sandboxes left');
  }
  if (drivers.length === 0) return;
  const evicted = await images.evict(config.sandboxes.imagesMb * 1_000_000);
  if (evicted.length > 0) log.info({ evicted }, 'removed images to make room');
}

/** Listing them removes what the dead ones left; a paused one cannot end itself. */
async function tendProcesses(deps: SandboxesDeps, driver: SandboxDriver): Promise<void> {
  for (const { id, workspaceId, runId, expiresAt } of await driver.list()) {
    const isOver = Date.parse(expiresAt) + OVER_MS < Date.now();
    if (isOver || !(await isStillWanted(deps, { id, workspaceId, runId }))) await driver.remove(id);
  }
}

/** Where there is no Docker, there is nothing to tend; who wants a sandbox hears of it. */
function tellFailure({ log }: SandboxesDeps, error: unknown): void {
  if (isAway(error)) return;
  log.warn({ err: error }, 'looking after sandboxes failed; it is tried again');
}

function isAway(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'sandbox.unavailable';
  return typeof error === 'object' && error !== null && 'syscall' in error;
}

async function isStillWanted(
  deps: SandboxesDeps,
  record: Pick<SandboxRecord, 'id' | 'workspaceId' | 'runId'>,
): Promise<boolean> {
  const { workspaceId, runId, id } = record;
  if (runId === null) return true;
  try {
    const kept = await deps.sandboxes.get(workspaceId, id);
    if (kept.state === 'dead') return false;
    const { status } = await deps.runs.get(workspaceId, runId);
    if (isTerminal(status)) return false;
    return status !== 'waiting' || Date.now() - Date.parse(kept.lastUsedAt) < IDLE_MS;
  } catch (error) {
    // Nobody else would ever ask for it.
    if (error instanceof AppError && /not_found$/.test(error.code)) return false;
    throw error;
  }
}
