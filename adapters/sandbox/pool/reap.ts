import { stat } from 'node:fs/promises';
import { removeSandbox } from '../docker/remove-sandbox.ts';
import type { DockerDriver } from '../docker/docker-driver.ts';
import type { ListedContainer } from '../docker/containers.ts';
import type { DriverParts } from '../docker/parts.ts';
import type { SandboxRecord } from '../docker/sandbox-folders.ts';
import type { SandboxDeath } from '../port.ts';

/** What a reaper removed. */
export interface Reaped {
  readonly expired: number;
  readonly dead: number;
  readonly orphaned: number;
  /** Folders and records of sandboxes that are gone. */
  readonly leftovers: number;
  readonly groups: number;
}

/** When to reap, and what to spare. */
export interface ReapOptions {
  readonly driver: DockerDriver;
  readonly now: number;
  /** False for a claimed sandbox whose run needs it no more. */
  readonly isWanted: (record: SandboxRecord) => Promise<boolean>;
}

/** A sandbox ends itself when its time is over; the reaper is for those that cannot. */
const GRACE_MS = 5_000;
/** Someone may be at work on what is younger. */
const YOUNG_MS = 60_000;
/** So long the reason of a death can be asked for. */
const TOMBSTONE_MS = 3_600_000;
/** More of them only wait for the daemon. */
const AT_A_TIME = 4;

type Verdict = { readonly kind: 'expired' | 'dead' | 'orphaned'; readonly death: SandboxDeath };

async function judge(
  container: ListedContainer,
  record: SandboxRecord | undefined,
  { now, isWanted }: ReapOptions,
): Promise<Verdict | undefined> {
  const { state, createdAt, expiresAt } = container;
  if (state === 'dead' || record?.death !== undefined) {
    const death = { reason: 'unknown', detail: 'found dead' } as const;
    return { kind: 'dead', death: record?.death ?? death };
  }
  if (now - Date.parse(record?.expiresAt ?? expiresAt) > GRACE_MS) {
    return { kind: 'expired', death: { reason: 'ttl', detail: `its time was over (${state})` } };
  }
  if (now - Date.parse(createdAt) < YOUNG_MS) return undefined;
  if (record === undefined) {
    return { kind: 'orphaned', death: { reason: 'evicted', detail: 'nothing is known of it' } };
  }
  if (record.runId === null || (await isWanted(record))) return undefined;
  return { kind: 'orphaned', death: { reason: 'evicted', detail: 'its run needs it no more' } };
}

async function ageOf(file: string, now: number): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => now - mtimeMs,
    () => 0,
  );
}

/** Removes what a sandbox left that has no container; its record stays for a while. */
async function sweepFolder(parts: DriverParts, key: string, now: number): Promise<boolean> {
  const { folders } = parts;
  const record = await folders.read(key);
  if (record === undefined) {
    if ((await ageOf(folders.pathOf(key), now)) < YOUNG_MS) return false;
    await folders.forget(key, key);
    return true;
  }
  if (now - Date.parse(record.createdAt) < YOUNG_MS) return false;
  if (record.death === undefined) {
    await folders.bury(key, { reason: 'unknown', detail: 'it is gone, nobody saw how' });
    await folders.removeFolder(key);
    return true;
  }
  if ((await ageOf(`${folders.pathOf(key)}.json`, now)) < TOMBSTONE_MS) return false;
  await folders.forget(key, record.id);
  return true;
}

/** Works on several at a time, and on all of them whatever fails; answers with the failures. */
async function workOnAll<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const waiting = items.values();
  const workOn = async (): Promise<void> => {
    for (const item of waiting) await work(item).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, workOn));
  return failures;
}

/**
 * Removes what no longer has a reason to be: sandboxes past their time, dead ones, those of no run,
 * and folders and control groups without a sandbox. Several processes may do it at once. Throws the
 * first failure when it has done all the rest.
 */
export async function reap(options: ReapOptions): Promise<Reaped> {
  const parts = await options.driver.parts();
  const { containers, folders, cgroups, ways } = parts;
  const counts = { expired: 0, dead: 0, orphaned: 0, leftovers: 0, groups: 0 };
  // Read before the containers are: a sandbox made meanwhile must not look like a leftover.
  const keys = await folders.keys();
  const found = await containers.list();
  const failures = await workOnAll(found, async (container) => {
    const { key } = container;
    const verdict = await judge(container, await folders.read(key), options);
    if (verdict === undefined) return;
    await removeSandbox(parts, key, verdict.death);
    counts[verdict.kind] += 1;
  });
  const living = new Set(found.map(({ key }) => key));
  for (const key of keys) {
    if (!living.has(key) && (await sweepFolder(parts, key, options.now))) counts.leftovers += 1;
  }
  counts.leftovers += await folders.sweep(options.now - TOMBSTONE_MS);
  counts.leftovers += await ways.sweep(living, options.now - YOUNG_MS);
  const keep = new Set(found.map(({ workspaceId }) => workspaceId));
  counts.groups = (await cgroups?.removeIdle(keep)) ?? 0;
  for (const failure of failures) throw failure;
  return counts;
}
