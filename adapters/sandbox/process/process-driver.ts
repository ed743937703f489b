import { writeFile } from 'node:fs/promises';
import { AppError } from '../../../contracts/app-error.ts';
import { newRecord } from '../docker/start-container.ts';
import type { SandboxRecord } from '../docker/sandbox-folders.ts';
import type { Sandbox, SandboxDeath, SandboxDriver, SandboxInfo, SandboxSpec } from '../port.ts';
import { buryProcess, clearAway, removeFiles } from './bury.ts';
import { createProcessDeaths, type ProcessDeaths } from './deaths.ts';
import type { ProcessDriverOptions } from './options.ts';
import { openProcessParts, type ProcessParts } from './parts.ts';
import { probeProcessDriver } from './probe.ts';
import { connectProcess, endProcess, isPaused, removeProcess } from './process-sandbox.ts';
import { readProcess, readRecorded, startProcess, stateFiles } from './start-process.ts';
import { takeTurn } from './turn.ts';

const ID = /^[a-z0-9_]{1,40}$/;
/** How long it stays known why a sandbox died. */
const TOMBSTONE_MS = 3_600_000;

interface Opened {
  readonly parts: ProcessParts;
  readonly deaths: ProcessDeaths;
}

/** Sandboxes as processes of this machine, shut off by bubblewrap: the weakest level. */
export function createProcessDriver(options: ProcessDriverOptions): SandboxDriver {
  let opening: Promise<Opened> | undefined;
  const opened = async (): Promise<Opened> => {
    opening ??= openProcessParts(options).then((parts) => ({
      parts,
      deaths: createProcessDeaths(parts),
    }));
    try {
      return await opening;
    } catch (error) {
      // The next call tries anew.
      opening = undefined;
      throw error;
    }
  };
  const driver: SandboxDriver = {
    level: 'process',
    probe: () => probeProcessDriver(driver, async () => (await opened()).parts),
    create: async (spec) => {
      requireId(spec.id);
      return create(await opened(), spec);
    },
    connect: async (id, onRequest) => connect(await opened(), requireId(id), onRequest),
    list: async () => list((await opened()).parts),
    remove: async (id) => {
      await removeProcess((await opened()).parts, requireId(id));
    },
    [Symbol.asyncDispose]: async () => {
      const found = await opening?.catch(() => undefined);
      found?.deaths[Symbol.dispose]();
      await found?.parts.gates[Symbol.asyncDispose]();
      await found?.parts.groups.close();
      await found?.parts.kernelLog[Symbol.asyncDispose]();
    },
  };
  return driver;
}

async function create({ parts, deaths }: Opened, spec: SandboxSpec): Promise<Sandbox> {
  await using _turn = await takeTurn(parts.folders.root, spec.id);
  const living = await readProcess(parts, spec.id);
  const known = await parts.folders.read(spec.id);
  if (living !== null && known !== undefined && known.death === undefined) {
    await parts.gates.restore(known, known.network, spec.onRequest);
    return await connectProcess(parts, deaths, { record: known, first: living });
  }
  if (living === null && known !== undefined) await buryProcess(parts, known);
  await endProcess(parts, spec.id, { reason: 'killed', detail: 'another one took its name' });
  return await start({ parts, deaths }, spec);
}

async function start({ parts, deaths }: Opened, spec: SandboxSpec): Promise<Sandbox> {
  const record = newRecord(spec, spec.id);
  try {
    const first = await startProcess(parts, spec);
    await writeFile(stateFiles(parts, spec.id).process, `${first.pid} ${first.startedAt}`);
    await parts.folders.write(record);
    const sandbox = await connectProcess(parts, deaths, { record, first });
    await parts.folders.lock(spec.id);
    await parts.gates.set(record, spec.network, spec.onRequest);
    return sandbox;
  } catch (error) {
    await endProcess(parts, spec.id, { reason: 'killed', detail: 'it could not be started' });
    await removeFiles(parts, spec.id);
    throw error;
  }
}

async function connect(
  { parts, deaths }: Opened,
  id: string,
  onRequest: SandboxSpec['onRequest'],
): Promise<Sandbox> {
  const record = await parts.folders.read(id);
  if (record === undefined) throw lost(id, undefined);
  const first = await readProcess(parts, id);
  if (first === null || record.death !== undefined) {
    throw lost(id, record.death ?? (await buryProcess(parts, record)));
  }
  await parts.gates.restore(record, record.network, onRequest);
  return connectProcess(parts, deaths, { record, first });
}

async function list(parts: ProcessParts): Promise<readonly SandboxInfo[]> {
  const found: SandboxInfo[] = [];
  for (const key of await parts.folders.keys()) {
    const record = await parts.folders.read(key);
    if (record === undefined) continue;
    const state = await stateOf(parts, record);
    if (state === 'dead') await clearUnseen(parts, record);
    if (state === 'dead' && Date.now() - Date.parse(record.maxExpiresAt) > TOMBSTONE_MS) {
      await parts.folders.forget(key, record.id);
      continue;
    }
    const { id, workspaceId, runId, image, createdAt, expiresAt } = record;
    if (record.death === undefined) {
      found.push({ id, workspaceId, runId, image, state, createdAt, expiresAt });
    }
  }
  return found;
}

/** Of a sandbox that died while no process was connected to it. */
async function clearUnseen(parts: ProcessParts, record: SandboxRecord): Promise<void> {
  const left = await readRecorded(parts, record.key);
  if (record.death === undefined) await buryProcess(parts, record);
  if (left === null) return;
  await using _turn = await takeTurn(parts.folders.root, record.key);
  await clearAway(parts, record.key, left);
}

async function stateOf(parts: ProcessParts, { key }: SandboxRecord): Promise<SandboxInfo['state']> {
  const first = await readProcess(parts, key);
  if (first === null) return 'dead';
  return (await isPaused(parts, key, first)) ? 'paused' : 'running';
}

function requireId(id: string): string {
  if (ID.test(id)) return id;
  throw new AppError('request.invalid', `no id of a sandbox: ${id.slice(0, 100)}`);
}

function lost(id: string, death: SandboxDeath | undefined): AppError {
  const why = death === undefined ? 'nothing is known of it' : `${death.reason}: ${death.detail}`;
  return new AppError('sandbox.lost', `The sandbox ${id} is gone (${why}).`);
}
