import Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import { toSandboxError } from './docker-errors.ts';
import { connectSandbox } from './docker-sandbox.ts';
import { imageNameOf } from './options.ts';
import { openDriverParts } from './parts.ts';
import { probeDriver } from './probe.ts';
import { removeSandbox } from './remove-sandbox.ts';
import { newRecord, startContainer } from './start-container.ts';
import type { Sandbox, SandboxDeath, SandboxDriver, SandboxInfo, SandboxSpec } from '../port.ts';
import type { DockerDriverOptions } from './options.ts';
import type { DriverParts } from './parts.ts';
import type { SandboxRecord } from './sandbox-folders.ts';

/** A sandbox of no run, by its key, with a connection if there is one. */
export interface WarmSandbox {
  readonly key: string;
  readonly sandbox?: Sandbox;
}

/** A driver whose sandboxes can wait in a pool for a run, and be removed for a reason. */
export interface DockerDriver extends SandboxDriver {
  /**
   * Gives the sandbox of that key, which ran nothing yet, to the run of the spec. A connection to it
   * is taken over, or disposed of when the run has another sandbox.
   */
  adopt(warm: WarmSandbox, spec: SandboxSpec): Promise<Sandbox>;
  removeBecause(id: string, death: SandboxDeath): Promise<void>;
  parts(): Promise<DriverParts>;
}

const ID = /^[a-z0-9_]{1,40}$/;
const START_POLL_MS = 50;
const START_LIMIT_MS = 20_000;
const CREATE_LIMIT_MS = 60_000;

function toLost(id: string, death: SandboxDeath | undefined): AppError {
  const why = death === undefined ? 'nothing is known of it' : `${death.reason}: ${death.detail}`;
  return new AppError('sandbox.lost', `The sandbox ${id} is gone (${why}).`);
}

/**
 * The living sandbox of a container that another call made, as soon as that call has started it.
 * Undefined if its name is free; a dead container, or one whose maker is gone, is removed.
 */
async function waitForStart(parts: DriverParts, key: string): Promise<SandboxRecord | undefined> {
  const began = Date.now();
  for (;;) {
    const found = await parts.containers.find(key);
    if (found === undefined) return undefined;
    const { state, containerId, createdAtMs } = found;
    const isUp = state === 'running' || state === 'paused';
    // Until it is started, the record may be that of a former sandbox.
    const record = isUp ? await parts.folders.read(key) : undefined;
    if (record !== undefined && record.death === undefined) return record;
    const since = state === 'created' ? Math.min(began, createdAtMs) : began;
    if (state === 'dead' || Date.now() - since > START_LIMIT_MS) {
      await parts.containers.removeOnly(containerId);
      return undefined;
    }
    await sleep(START_POLL_MS);
  }
}

async function createSandbox(parts: DriverParts, spec: SandboxSpec): Promise<Sandbox> {
  const { folders } = parts;
  const key = await folders.take(spec.id, spec.id);
  if (key !== spec.id) {
    const record = await waitForStart(parts, key);
    if (record !== undefined) return connectTo(parts, record, spec.onRequest);
    await folders.forget(key, spec.id);
    return createSandbox(parts, spec);
  }
  const limit = Date.now() + CREATE_LIMIT_MS;
  while (Date.now() < limit) {
    const started = await startContainer(parts, spec);
    if (started !== undefined) return openSandbox(parts, started, spec);
    const record = await waitForStart(parts, key);
    if (record !== undefined) return connectTo(parts, record, spec.onRequest);
    await sleep(START_POLL_MS);
  }
  throw new AppError('sandbox.unavailable', `The sandbox ${key} was made elsewhere, and died.`);
}

/** The first connection to a sandbox that this call has started. */
async function openSandbox(
  parts: DriverParts,
  record: SandboxRecord,
  spec: SandboxSpec,
): Promise<Sandbox> {
  const sandbox = await connectSandbox(parts, record, true);
  await parts.folders.lock(record.key);
  await parts.gates.set(record, spec.network, spec.onRequest);
  return sandbox;
}

async function connectTo(
  parts: DriverParts,
  record: SandboxRecord,
  onRequest?: SandboxSpec['onRequest'],
): Promise<Sandbox> {
  const sandbox = await connectSandbox(parts, record);
  await parts.gates.restore(record, record.network, onRequest);
  return sandbox;
}

async function connectById(
  parts: DriverParts,
  id: string,
  onRequest?: SandboxSpec['onRequest'],
): Promise<Sandbox> {
  const key = (await parts.folders.keyOf(id)) ?? id;
  const record = await parts.folders.read(key);
  if (record?.death !== undefined) throw toLost(id, record.death);
  if (record === undefined) throw toLost(id, undefined);
  const living = await waitForStart(parts, key);
  if (living !== undefined) return connectTo(parts, living, onRequest);
  const unseen: SandboxDeath = { reason: 'unknown', detail: 'it is gone, nobody saw how' };
  throw toLost(id, await parts.folders.bury(key, unseen));
}

async function adoptSandbox(
  parts: DriverParts,
  { key, sandbox: connected }: WarmSandbox,
  spec: SandboxSpec,
): Promise<Sandbox> {
  const { folders, gates } = parts;
  const taken = await folders.take(spec.id, key);
  if (taken !== key) {
    await connected?.[Symbol.asyncDispose]();
    await removeSandbox(parts, key, { reason: 'evicted', detail: 'its run has another one' });
    return createSandbox(parts, spec);
  }
  const warm = await folders.read(key);
  if (warm === undefined || warm.death !== undefined) throw toLost(key, warm?.death);
  const { createdAt, transport = 'socket' } = warm;
  const record = { ...newRecord(spec, key), createdAt, transport };
  await folders.write(record);
  const sandbox = connected ?? (await connectSandbox(parts, record, true));
  // Nothing of whoever kept it warm goes on: neither a listener nor secrets.
  await gates.close(key);
  await Promise.all([sandbox.extend(spec.ttlMs), gates.set(record, spec.network, spec.onRequest)]);
  return { ...sandbox, id: spec.id };
}

async function listSandboxes(parts: DriverParts): Promise<readonly SandboxInfo[]> {
  const found = await parts.containers.list();
  return Promise.all(
    found.map(async ({ key, workspaceId, image, state, createdAt, expiresAt }) => {
      const record = await parts.folders.read(key);
      return {
        ...{ workspaceId, image, createdAt },
        id: record?.id ?? key,
        runId: record?.runId ?? null,
        state: record?.death === undefined ? state : 'dead',
        expiresAt: record?.expiresAt ?? expiresAt,
      };
    }),
  );
}

/** Sandboxes as containers of the Docker daemon, or of a stronger runtime that it knows. */
export function createDockerDriver(options: DockerDriverOptions): DockerDriver {
  const docker = new Docker(options.docker);
  let opening: Promise<DriverParts> | undefined;
  const parts = async (): Promise<DriverParts> => {
    opening ??= openDriverParts(options, docker);
    try {
      const opened = await opening;
      await opened.deaths.watch();
      return opened;
    } catch (error) {
      // The next call asks the daemon anew.
      if (error instanceof RangeError) throw error;
      opening = undefined;
      throw error;
    }
  };
  const translated = async <T>(
    work: (parts: DriverParts) => Promise<T>,
    image = '',
  ): Promise<T> => {
    try {
      return await work(await parts());
    } catch (error) {
      throw toSandboxError(error, image);
    }
  };
  const removeBecause = (id: string, death: SandboxDeath): Promise<void> =>
    translated(async (opened) => {
      await removeSandbox(opened, (await opened.folders.keyOf(id)) ?? id, death);
    });
  const driver: DockerDriver = {
    level: options.runtime?.level ?? 'docker',
    parts,
    removeBecause,
    probe: () => probeDriver(driver, options, docker),
    create: async (spec) => {
      if (!ID.test(spec.id)) throw new RangeError(`no id of a sandbox: ${spec.id}`);
      return translated((opened) => createSandbox(opened, spec), imageNameOf(options, spec.image));
    },
    connect: (id, onRequest) => translated((opened) => connectById(opened, id, onRequest)),
    adopt: (warm, spec) => translated((opened) => adoptSandbox(opened, warm, spec)),
    list: () => translated(listSandboxes),
    remove: (id) => removeBecause(id, { reason: 'killed', detail: 'removed on request' }),
    [Symbol.asyncDispose]: async () => {
      const opened = await opening?.catch(() => undefined);
      await opened?.[Symbol.asyncDispose]();
    },
  };
  return driver;
}
