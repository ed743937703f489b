import { AppError } from '../../../contracts/app-error.ts';
import { tellingFilter } from '../denials/filter.ts';
import { imageNameOf } from './options.ts';
import { runnerArgs } from './runner-args.ts';
import type { SandboxSpec } from '../port.ts';
import type { DriverParts } from './parts.ts';
import type { SandboxRecord } from './sandbox-folders.ts';

/** The record of a sandbox that begins to live now. */
export function newRecord(spec: SandboxSpec, key: string): SandboxRecord {
  const { id, workspaceId, runId, image, limits, network } = spec;
  const now = Date.now();
  const at = (afterMs: number): string => new Date(now + afterMs).toISOString();
  return {
    ...{ key, id, workspaceId, runId, image, limits, network },
    createdAt: at(0),
    expiresAt: at(Math.min(spec.ttlMs, spec.maxTtlMs)),
    maxExpiresAt: at(spec.maxTtlMs),
  };
}

/** Refuses what a workspace may not have besides what it has, and is being made for it. */
async function checkCeilings(
  parts: DriverParts,
  spec: SandboxSpec,
  earlier: readonly string[],
): Promise<void> {
  const { ceilings } = parts.options;
  if (ceilings === undefined) return;
  const { memoryMb, cpus, pids } = spec.limits;
  if (memoryMb > ceilings.memoryMb || cpus > ceilings.cpus || pids > ceilings.pids) {
    throw new AppError(
      'sandbox.ceiling_reached',
      `The sandbox wants ${memoryMb} MB, ${cpus} CPUs and ${pids} processes; a workspace may have ${ceilings.memoryMb} MB, ${ceilings.cpus} and ${ceilings.pids} on a machine.`,
    );
  }
  const found = await parts.containers.list(spec.workspaceId);
  const alive = found.filter(({ state }) => state !== 'dead').map(({ key }) => key);
  const living = new Set([...alive, ...earlier].filter((key) => key !== spec.id)).size;
  if (living < ceilings.sandboxes) return;
  throw new AppError(
    'sandbox.ceiling_reached',
    `The workspace has ${living} sandboxes on this machine, the most it may have: end one first.`,
  );
}

/** A stronger runtime has a kernel of its own, which says nothing to the host's. */
function tellingFilterOf({ kernelLog, options }: DriverParts): string | null {
  if (kernelLog.reason !== null || options.runtime !== undefined) return null;
  return tellingFilter(process.arch, 'docker');
}

/**
 * Makes and starts the container of a sandbox whose id is its key. Undefined if one of that name
 * is there, which another call made.
 */
export async function startContainer(
  parts: DriverParts,
  spec: SandboxSpec,
): Promise<SandboxRecord | undefined> {
  const { options, folders, containers, cgroups } = parts;
  using entered = parts.underWay.enter(spec);
  await checkCeilings(parts, spec, entered.earlier);
  const { transport } = await parts.transport(spec.image);
  const record = { ...newRecord(spec, spec.id), transport };
  const isOnline = transport === 'attach' && spec.network.allow.length > 0;
  // With its guard, before anything in the sandbox runs.
  const way = isOnline ? await parts.ways.open(spec.id) : undefined;
  const containerId = await containers.create({
    spec,
    transport,
    imageName: imageNameOf(options, spec.image),
    folder: folders.pathOf(spec.id),
    runnerArgs: runnerArgs(spec, transport),
    installation: options.installation,
    expiresAt: record.expiresAt,
    cgroupParent: await cgroups?.parentOf(spec.workspaceId),
    runtime: options.runtime?.name,
    tellingFilter: tellingFilterOf(parts),
    network: way?.network,
  });
  if (containerId === undefined) return undefined;
  try {
    // Only who made the container may empty the folder: another's may be in use.
    // The record comes first: whoever buries a former one of that id knows this one by it.
    await folders.write(record);
    await folders.open(spec.id);
    await containers.start(containerId);
    // A reaper may have removed the group in between, and Docker made one without limits.
    await cgroups?.parentOf(spec.workspaceId);
  } catch (error) {
    await containers.removeOnly(containerId).catch(() => undefined);
    if (isOnline) await parts.ways.close(spec.id).catch(() => undefined);
    throw error;
  }
  return record;
}
