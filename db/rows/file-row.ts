import type { FileKind, FileVersion } from '../../contracts/file.ts';
import { sql, type RawBuilder } from 'kysely';
import type { ManifestEntry } from '../../contracts/sandbox.ts';

/** A version of a file, with what its revision says. */
export interface FileRow {
  readonly path: string;
  readonly version: number;
  readonly revision: number;
  readonly kind: FileKind;
  readonly deleted: boolean;
  readonly sha256: string | null;
  readonly size_bytes: number;
  readonly mode: number;
  readonly target: string | null;
  readonly actor: string;
  readonly step_id: string | null;
  readonly note: string;
  readonly at: Date;
}

/** Columns of a `FileRow`; `v` is the version and `r` its revision. */
export const FILE_COLUMNS: RawBuilder<FileRow> = sql`
  v.path, v.version, v.revision, v.kind, v.deleted, v.sha256, v.size_bytes, v.mode, v.target,
  r.actor, r.step_id, r.note, r.at`;

/** Joins `v` to its revision. */
export const JOIN_REVISION = sql`
  join file_revisions r on r.workspace_id = v.workspace_id and r.space_id = v.space_id
    and r.revision = v.revision`;

/** The row as a version. */
export function fileFromRow(row: FileRow): FileVersion {
  return {
    path: row.path,
    version: row.version,
    revision: row.revision,
    kind: row.kind,
    deleted: row.deleted,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    mode: row.mode,
    target: row.target,
    actor: row.actor,
    stepId: row.step_id,
    note: row.note,
    at: row.at.toISOString(),
  };
}

/** What stands at a path, as a manifest tells it. */
export function toManifestEntry(file: FileVersion): ManifestEntry {
  const { path, mode, sizeBytes } = file;
  if (file.kind === 'link') return { kind: 'link', path, target: file.target ?? '' };
  if (file.kind === 'folder') return { kind: 'folder', path, mode };
  return { kind: 'file', path, sha256: file.sha256 ?? '', sizeBytes, mode };
}
