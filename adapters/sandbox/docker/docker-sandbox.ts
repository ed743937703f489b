import { AppError } from '../../../contracts/app-error.ts';
import { connectRunner } from '../runner/runner-client.ts';
import { auditSession, withDenials } from '../denials/denials.ts';
import { READY_MS } from './options.ts';
import { removeSandbox } from './remove-sandbox.ts';
import { endpointOf } from './transport.ts';
import type { Sandbox } from '../port.ts';
import type { DriverParts } from './parts.ts';
import type { SandboxRecord } from './sandbox-folders.ts';

/** Writes down what changed; the record of a dead sandbox stays as it is. */
async function amend(
  parts: DriverParts,
  key: string,
  change: Partial<SandboxRecord>,
): Promise<void> {
  const record = await parts.folders.read(key);
  if (record !== undefined && record.death === undefined) {
    await parts.folders.write({ ...record, ...change });
  }
}

/** A frozen runner answers nobody, so it runs for the moment of connecting. */
async function awake<T>(parts: DriverParts, key: string, work: () => Promise<T>): Promise<T> {
  if ((await parts.containers.state(key)) !== 'paused') return work();
  await parts.containers.resume(key);
  try {
    return await work();
  } finally {
    await parts.containers.pause(key);
  }
}

/** Connects to the runner of a container that runs or, if the caller knows no better, is paused. */
export async function connectSandbox(
  parts: DriverParts,
  record: SandboxRecord,
  isFresh = false,
): Promise<Sandbox> {
  const { key, id } = record;
  const died = parts.deaths.of(key, Date.parse(record.createdAt));
  const endpoint = endpointOf(parts, key, record.transport ?? 'socket');
  const connect = () => connectRunner({ endpoint, died, readyMs: READY_MS });
  const runner = isFresh ? await connect() : await awake(parts, key, connect);
  return {
    id,
    image: record.image,
    died,
    ...runner.parts,
    ...withDenials(runner.parts, {
      log: parts.kernelLog,
      sessionOf: () => auditSession(() => parts.containers.hostPid(key)),
    }),
    metrics: async () => ({ ...(await runner.metrics()), networkBytes: parts.gates.bytes(key) }),
    pause: () => parts.containers.pause(key),
    resume: () => parts.containers.resume(key),
    extend: async (ttlMs) => {
      const now = await parts.folders.read(key);
      if (now === undefined) throw new AppError('sandbox.lost', `no record of the sandbox ${id}`);
      const latest = Date.parse(now.maxExpiresAt);
      const most = latest - Date.now();
      const given = await runner.parts.extend(Math.max(1, Math.min(ttlMs, most)));
      // A runner that waited in a pool was promised more; the reaper goes by the record.
      const until = new Date(Math.min(given.getTime(), latest));
      await amend(parts, key, { expiresAt: until.toISOString() });
      return until;
    },
    updateNetwork: async (network) => {
      // One that waited in a pool has become another's since this connection was made.
      await parts.gates.set((await parts.folders.read(key)) ?? record, network);
      await amend(parts, key, { network });
    },
    kill: () => removeSandbox(parts, key, { reason: 'killed', detail: 'removed on request' }),
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  };
}
