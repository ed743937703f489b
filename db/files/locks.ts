import { AppError } from '../../contracts/app-error.ts';
import { checkFilePath } from '../../contracts/file-path.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { sql, type Kysely } from 'kysely';
import type { SpaceRef } from '../../contracts/file.ts';
import type { Tables } from '../tables.ts';
import { withSpace } from './space.ts';

/** Who wants to be the only writer of a path, and for how long. */
export interface LockRequest {
  readonly path: string;
  readonly holder: string;
  /** At most `LIMITS.fileLockMs`. */
  readonly ttlMs: number;
}

/** A lock that was taken. */
export interface FileLock {
  /** Goes with writes. A later lock of the path has a higher one. */
  readonly token: number;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** See `FileStore.lock`. */
export async function lockFile(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  request: LockRequest,
): Promise<FileLock> {
  const { holder } = request;
  const path = checkFilePath(request.path);
  const ttlMs = Math.min(request.ttlMs, LIMITS.fileLockMs);
  // Writers check locks while they hold the space: none is half way when the lock is given.
  return withSpace(kysely, space, async (trx) => {
    const { rows } = await sql<{ token: number; expires_at: Date }>`
      insert into file_locks as held (workspace_id, space_id, path, token, holder, expires_at)
      values (${space.workspaceId}, ${space.spaceId}, ${path}, 1, ${holder},
        clock_timestamp() + ${ttlMs} * interval '1 ms')
      on conflict (workspace_id, space_id, path) do update set
        token = case when held.holder = excluded.holder and held.expires_at > clock_timestamp()
          then held.token else held.token + 1 end,
        holder = excluded.holder,
        expires_at = excluded.expires_at
      where held.holder is null or held.holder = excluded.holder
        or held.expires_at <= clock_timestamp()
      returning token, expires_at`.execute(trx);
    const [row] = rows;
    if (row === undefined) throw new AppError('file.locked', `${path} is locked by another`);
    return { token: row.token, expiresAt: row.expires_at.toISOString() };
  });
}

/** See `FileStore.unlock`. */
export async function unlockFile(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  lock: { readonly path: string; readonly token: number },
): Promise<boolean> {
  const { numUpdatedRows } = await kysely
    .updateTable('file_locks')
    .set({ holder: null })
    .where('workspace_id', '=', space.workspaceId)
    .where('space_id', '=', space.spaceId)
    .where('path', '=', lock.path)
    .where('token', '=', lock.token)
    .where('holder', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
