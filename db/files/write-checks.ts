import { AppError } from '../../contracts/app-error.ts';
import { sql, type Transaction } from 'kysely';
import type { FileKind, SpaceRef } from '../../contracts/file.ts';
import { inSpace } from './space.ts';
import type { PreparedChange } from './file-change.ts';
import type { Tables } from '../tables.ts';

/** The last version of a path. */
export interface Head {
  readonly path: string;
  readonly version: number;
  readonly kind: FileKind;
  readonly deleted: boolean;
}

/** Last versions of what is changed, by path. */
export async function loadHeads(
  trx: Transaction<Tables>,
  space: SpaceRef,
  changes: readonly { readonly path: string }[],
): Promise<ReadonlyMap<string, Head>> {
  const paths = changes.map(({ path }) => path);
  const { rows } = await sql<Head>`
    select h.* from unnest(${paths}::text[]) as p (path)
    cross join lateral (
      select v.path, v.version, v.kind, v.deleted from file_versions v
      where ${inSpace(space)} and v.path = p.path collate "C" order by v.version desc limit 1
    ) h`.execute(trx);
  return new Map(rows.map((head) => [head.path, head]));
}

/** Throws `file.conflict` and `file.locked`. The caller holds the space's lock. */
export async function refuseChanges(
  trx: Transaction<Tables>,
  space: SpaceRef,
  from: {
    readonly changes: readonly PreparedChange[];
    readonly heads: ReadonlyMap<string, Head>;
  },
): Promise<void> {
  for (const change of from.changes) refuseVersion(change, from.heads.get(change.path));
  const paths = from.changes.map(({ path }) => path);
  const { rows } = await sql<Lock>`
    select v.path, v.token, v.holder, v.expires_at > clock_timestamp() as valid from file_locks v
    where ${inSpace(space)} and v.path = any(${paths}::text[])`.execute(trx);
  const locks = new Map(rows.map((lock) => [lock.path, lock]));
  for (const change of from.changes) refuseToken(change, locks.get(change.path));
}

/**
 * Throws `file.conflict` where something would lie in what is no folder, `file.bad_path` where it
 * would lie behind a link; the changes are written.
 */
export async function refuseNesting(
  trx: Transaction<Tables>,
  space: SpaceRef,
  from: {
    readonly changes: readonly PreparedChange[];
    /** As they were before. */
    readonly heads: ReadonlyMap<string, Head>;
  },
): Promise<void> {
  const news = from.changes.filter((change) => isNewInTree(change, from.heads.get(change.path)));
  if (news.length === 0) return;
  const above = new Set(news.flatMap(({ path }) => foldersAbove(path)));
  const heads = await loadHeads(
    trx,
    space,
    [...above].map((path) => ({ path })),
  );
  const blocking = [...heads.values()].find(({ kind, deleted }) => kind !== 'folder' && !deleted);
  if (blocking?.kind === 'link') throw behindLink(blocking.path);
  if (blocking !== undefined) throw nested(blocking.path);
  const leaves = news.filter(({ kind }) => kind !== 'folder').map(({ path }) => path);
  // In the order of bytes `0` follows `/`: the range holds what lies below the path. `offset 0` keeps
  // the planner from joining the whole space instead.
  const { rows } = await sql<{ path: string }>`
    select p.path from unnest(${leaves}::text[]) as p (path)
    cross join lateral (
      select distinct on (v.path) v.deleted from file_versions v
      where ${inSpace(space)}
        and v.path > (p.path || '/') collate "C" and v.path < (p.path || '0') collate "C"
      order by v.path, v.version desc offset 0
    ) below where not below.deleted limit 1`.execute(trx);
  if (rows[0] !== undefined) throw nested(rows[0].path);
}

interface Lock {
  readonly path: string;
  readonly token: number;
  readonly holder: string | null;
  readonly valid: boolean;
}

function refuseVersion({ path, expectedVersion }: PreparedChange, head: Head | undefined): void {
  if (expectedVersion === undefined) return;
  const none = head === undefined || head.deleted;
  if (expectedVersion === (head?.version ?? 0) || (none && expectedVersion === 0)) return;
  const now = head === undefined ? 'it does not exist' : `it is at version ${head.version}`;
  throw new AppError('file.conflict', `${path} is not at version ${expectedVersion}: ${now}`);
}

function refuseToken({ path, fencingToken }: PreparedChange, lock: Lock | undefined): void {
  if (fencingToken !== undefined) {
    if (lock?.token === fencingToken) return;
    const now = lock === undefined ? 'it was never locked' : `the last one is ${lock.token}`;
    throw new AppError('file.conflict', `token ${fencingToken} does not hold ${path}: ${now}`);
  }
  if (lock === undefined || lock.holder === null || !lock.valid) return;
  throw new AppError('file.locked', `${path} is locked by ${lock.holder}`);
}

/** True unless what stands there now has been there, as folder or not, and has been checked. */
function isNewInTree({ kind }: PreparedChange, before: Head | undefined): boolean {
  if (kind === 'removed') return false;
  if (before === undefined || before.deleted) return true;
  return (before.kind === 'folder') !== (kind === 'folder');
}

function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_name, index) => names.slice(0, index + 1).join('/'));
}

function behindLink(path: string): AppError {
  return new AppError('file.bad_path', `${path} is a link, and links are not followed`);
}

function nested(path: string): AppError {
  return new AppError('file.conflict', `${path} is no folder, and something lies in it`);
}
