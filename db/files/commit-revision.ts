import type { FileRevision, SpaceRef } from '../../contracts/file.ts';
import { FILE_COLUMNS, fileFromRow, JOIN_REVISION, type FileRow } from '../rows/file-row.ts';
import { inSpace, withSpace } from './space.ts';
import { refuseTooLarge, unknownContent } from './contents.ts';
import { sql, type Kysely, type Transaction } from 'kysely';
import { loadHeads, refuseChanges, refuseNesting, type Head } from './write-checks.ts';
import { prepareChanges, type FileChange, type PreparedChange } from './file-change.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import type { Tables } from '../tables.ts';

/** Who writes, and how a repetition is known. */
export interface RevisionOptions {
  readonly actor: string;
  readonly stepId?: string | null;
  readonly note?: string;
  /** The same key again answers with what was written the first time. */
  readonly key?: string;
}

/** Writes files together, as the space's next revision. */
export async function commitRevision(
  database: Database,
  space: SpaceRef,
  job: { readonly changes: readonly FileChange[]; readonly options: RevisionOptions },
): Promise<FileRevision> {
  const { options } = job;
  const changes = await prepareChanges(database, space.workspaceId, job.changes);
  return withSpace(database.kysely, space, async (trx, { lastRevision }) => {
    const recorded = options.key === undefined ? null : await byKey(trx, space, options.key);
    if (recorded !== null) return recorded;
    const heads = await loadHeads(trx, space, changes);
    await refuseChanges(trx, space, { changes, heads });
    const effective = changes.filter(({ kind, path }) => kind !== 'removed' || stands(heads, path));
    const rows = await toRows(trx, space, { changes: effective, heads });
    const revision = lastRevision + 1;
    await trx
      .insertInto('file_revisions')
      .values({
        workspace_id: space.workspaceId,
        space_id: space.spaceId,
        revision,
        key: options.key ?? null,
        step_id: options.stepId ?? null,
        actor: options.actor,
        note: options.note ?? '',
        at: sql<Date>`clock_timestamp()`,
      })
      .execute();
    await insertVersions(trx, space, { revision, rows });
    await refuseNesting(trx, space, { changes: effective, heads });
    await trx
      .updateTable('file_spaces')
      .set({ last_revision: revision })
      .where('workspace_id', '=', space.workspaceId)
      .where('id', '=', space.spaceId)
      .execute();
    return loadRevision(trx, space, revision);
  });
}

interface NewRow {
  readonly path: string;
  readonly version: number;
  readonly kind: string;
  readonly deleted: boolean;
  readonly sha256: string | null;
  readonly size_bytes: number;
  readonly mode: number;
  readonly target: string | null;
}

async function byKey(
  trx: Transaction<Tables>,
  space: SpaceRef,
  key: string,
): Promise<FileRevision | null> {
  const row = await trx
    .selectFrom('file_revisions')
    .select('revision')
    .where('workspace_id', '=', space.workspaceId)
    .where('space_id', '=', space.spaceId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? null : loadRevision(trx, space, row.revision);
}

async function loadRevision(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  revision: number,
): Promise<FileRevision> {
  const { rows } = await sql<FileRow>`
    select ${FILE_COLUMNS} from file_versions v ${JOIN_REVISION}
    where ${inSpace(space)} and v.revision = ${revision} order by v.path`.execute(kysely);
  return { revision, versions: rows.map(fileFromRow) };
}

function stands(heads: ReadonlyMap<string, Head>, path: string): boolean {
  return heads.get(path)?.deleted === false;
}

async function toRows(
  trx: Transaction<Tables>,
  { workspaceId }: SpaceRef,
  from: {
    readonly changes: readonly PreparedChange[];
    readonly heads: ReadonlyMap<string, Head>;
  },
): Promise<readonly NewRow[]> {
  const wanted = from.changes.flatMap(({ sha256 }) => sha256 ?? []);
  const found = await trx
    .selectFrom('blobs')
    .select(['sha256', 'size_bytes'])
    .where('workspace_id', '=', workspaceId)
    .where('sha256', '=', sql<string>`any(${wanted}::text[])`)
    .execute();
  const sizes = new Map(found.map(({ sha256, size_bytes: size }) => [sha256, size]));
  return from.changes.map(({ path, kind, sha256, mode, target }) => {
    const head = from.heads.get(path);
    const size = sha256 === null ? 0 : sizes.get(sha256);
    if (size === undefined) throw unknownContent(sha256 ?? '');
    refuseTooLarge(size);
    return {
      path,
      version: (head?.version ?? 0) + 1,
      kind: kind === 'removed' ? (head?.kind ?? 'file') : kind,
      deleted: kind === 'removed',
      sha256,
      size_bytes: size,
      mode,
      target,
    };
  });
}

async function insertVersions(
  trx: Transaction<Tables>,
  space: SpaceRef,
  written: { readonly revision: number; readonly rows: readonly NewRow[] },
): Promise<void> {
  if (written.rows.length === 0) return;
  await sql`
    insert into file_versions (workspace_id, space_id, revision, path, version, kind, deleted,
      sha256, size_bytes, mode, target)
    select ${space.workspaceId}, ${space.spaceId}, ${written.revision}::int, c.path, c.version,
      c.kind, c.deleted, c.sha256, c.size_bytes, c.mode, c.target
    from jsonb_to_recordset(${jsonText(written.rows)}::jsonb) as c (path text, version int,
      kind text, deleted boolean, sha256 text, size_bytes int, mode int, target text)`.execute(trx);
}
