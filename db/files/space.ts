import { sql, type Kysely, type Transaction } from 'kysely';
import type { SpaceRef } from '../../contracts/file.ts';
import type { Tables } from '../tables.ts';
import { unknownRun } from '../runs/read-runs.ts';
import { violatesForeignKey } from '../violation.ts';

/** What writers of a space know of it while they hold its lock. */
export interface LockedSpace {
  readonly lastRevision: number;
  readonly copiedFrom: string | null;
  readonly copiedRevision: number | null;
}

/**
 * Runs the work while no one else writes the space, which is made if need be. Throws
 * `run.not_found` for a space whose run does not exist.
 */
export async function withSpace<T>(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  work: (trx: Transaction<Tables>, locked: LockedSpace) => Promise<T>,
): Promise<T> {
  return kysely.transaction().execute(async (trx) => {
    const locked = (await lock(trx, space)) ?? (await make(trx, space));
    return work(trx, locked);
  });
}

/** Of the space's last write; 0 before the first. */
export async function lastRevision(kysely: Kysely<Tables>, space: SpaceRef): Promise<number> {
  const row = await kysely
    .selectFrom('file_spaces')
    .select('last_revision')
    .where('workspace_id', '=', space.workspaceId)
    .where('id', '=', space.spaceId)
    .executeTakeFirst();
  return row?.last_revision ?? 0;
}

/** Restricts a statement on `v` to the space. */
export function inSpace({ workspaceId, spaceId }: SpaceRef) {
  return sql<boolean>`v.workspace_id = ${workspaceId} and v.space_id = ${spaceId}`;
}

async function lock(trx: Transaction<Tables>, space: SpaceRef): Promise<LockedSpace | null> {
  const row = await trx
    .selectFrom('file_spaces')
    .select(['last_revision', 'copied_from', 'copied_revision'])
    .where('workspace_id', '=', space.workspaceId)
    .where('id', '=', space.spaceId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    lastRevision: row.last_revision,
    copiedFrom: row.copied_from,
    copiedRevision: row.copied_revision,
  };
}

/** A space that does not exist yet belongs to the run of its id. */
async function make(trx: Transaction<Tables>, space: SpaceRef): Promise<LockedSpace> {
  const { workspaceId, spaceId } = space;
  try {
    await trx
      .insertInto('file_spaces')
      .values({ workspace_id: workspaceId, id: spaceId, run_id: spaceId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  } catch (error) {
    if (violatesForeignKey(error)) throw unknownRun(spaceId);
    throw error;
  }
  const locked = await lock(trx, space);
  if (locked === null) throw new Error(`the space ${spaceId} has vanished`);
  return locked;
}
