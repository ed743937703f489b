import type { FileKind, FileRevision, SpaceRef } from '../../contracts/file.ts';
import { FILE_COLUMNS, fileFromRow, JOIN_REVISION, type FileRow } from '../rows/file-row.ts';
import { inSpace, withSpace } from './space.ts';
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
    const rows = effective.map((change) => toRow(change, heads.get(change.path)));
    const revision = lastRevision + 1;
    const at = await insertRevision(trx, space, { revision, rows, options });
    await refuseNesting(trx, space, { changes: effective, heads });
    const { actor, stepId = null, note = '' } = options;
    const versions = rows
      .map((row) => fileFromRow({ ...row, revision, actor, step_id: stepId, note, at }))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1));
    return { revision, versions };
  });
}

interface NewRow {
  readonly path: string;
  readonly version: number;
  readonly kind: FileKind;
  readonly deleted: boolean;
  readonly sha256: string | null;
  readonly size_bytes: number;
  readonly mode: number;
  readonly target: string | null;
}

/** What was written with the key; null if nothing was. */
export async function byKey(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  key: string,
): Promise<FileRevision | null> {
  const row = await kysely
    .selectFrom('file_revisions')
    .select('revision')
    .where('workspace_id', '=', space.workspaceId)
    .where('space_id', '=', space.spaceId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? null : loadRevision(kysely, space, row.revision);
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

function toRow(change: PreparedChange, head: Head | undefined): NewRow {
  const { path, kind, sha256, sizeBytes, mode, target } = change;
  return {
    path,
    version: (head?.version ?? 0) + 1,
    kind: kind === 'removed' ? (head?.kind ?? 'file') : kind,
    deleted: kind === 'removed',
    sha256,
    size_bytes: sizeBytes,
    mode,
    target,
  };
}

/** All in one statement: the space stays locked for fewer round trips. Answers with the time. */
async function insertRevision(
  trx: Transaction<Tables>,
  { workspaceId, spaceId }: SpaceRef,
  written: {
    readonly revision: number;
    readonly rows: readonly NewRow[];
    readonly options: RevisionOptions;
  },
): Promise<Date> {
  const { revision, options } = written;
  const { rows } = await sql<{ at: Date }>`
    with space as (
      update file_spaces set last_revision = ${revision}
      where workspace_id = ${workspaceId} and id = ${spaceId}
    ), versions as (
      insert into file_versions (workspace_id, space_id, revision, path, version, kind, deleted,
        sha256, size_bytes, mode, target)
      select ${workspaceId}, ${spaceId}, ${revision}::int, c.path, c.version, c.kind, c.deleted,
        c.sha256, c.size_bytes, c.mode, c.target
      from jsonb_to_recordset(${jsonText(written.rows)}::jsonb) as c (path text, version int,
        kind text, deleted boolean, sha256 text, size_bytes int, mode int, target text)
    )
    insert into file_revisions (workspace_id, space_id, revision, key, step_id, actor, note, at)
    values (${workspaceId}, ${spaceId}, ${revision}, ${options.key ?? null},
      ${options.stepId ?? null}, ${options.actor}, ${options.note ?? ''},
      date_trunc('milliseconds', clock_timestamp()))
    returning at`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('the revision was not written');
  return row.at;
}
