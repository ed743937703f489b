import { AppError } from '../../contracts/app-error.ts';
import { sql, type Kysely } from 'kysely';
import type { SpaceRef } from '../../contracts/file.ts';
import type { Tables } from '../tables.ts';
import { withSpace } from './space.ts';

/** Where a copy comes from and goes to; both are of one workspace. */
export interface SpaceCopy {
  readonly workspaceId: string;
  readonly from: string;
  /** The first that is not copied is the one behind it. */
  readonly atRevision: number;
  readonly to: string;
}

/** See `FileStore.copySpace`. */
export async function copySpace(kysely: Kysely<Tables>, copy: SpaceCopy): Promise<void> {
  const { workspaceId, from, atRevision, to } = copy;
  const target: SpaceRef = { workspaceId, spaceId: to };
  await withSpace(kysely, target, async (trx, locked) => {
    if (locked.copiedFrom === from && locked.copiedRevision === atRevision) return;
    if (locked.lastRevision > 0 || locked.copiedFrom !== null) {
      throw new AppError('file.conflict', `the files of ${to} exist already`);
    }
    await sql`
      insert into file_revisions
        (workspace_id, space_id, revision, key, step_id, actor, note, at)
      select workspace_id, ${to}, revision, key, step_id, actor, note, at from file_revisions
      where workspace_id = ${workspaceId} and space_id = ${from} and revision <= ${atRevision}
    `.execute(trx);
    await sql`
      insert into file_versions (workspace_id, space_id, path, version, revision, kind, deleted,
        sha256, size_bytes, mode, target)
      select workspace_id, ${to}, path, version, revision, kind, deleted, sha256, size_bytes, mode,
        target
      from file_versions
      where workspace_id = ${workspaceId} and space_id = ${from} and revision <= ${atRevision}
    `.execute(trx);
    await sql`
      update file_spaces set copied_from = ${from}, copied_revision = ${atRevision},
        last_revision = coalesce((select max(revision) from file_revisions
          where workspace_id = ${workspaceId} and space_id = ${to}), 0)
      where workspace_id = ${workspaceId} and id = ${to}`.execute(trx);
  });
}
