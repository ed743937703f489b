import { FILE_COLUMNS, fileFromRow, JOIN_REVISION } from '../rows/file-row.ts';
import { numberPlace, rowsToRead, textPlace, toPage } from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { FileVersion, SpaceRef } from '../../contracts/file.ts';
import type { FileRow } from '../rows/file-row.ts';
import { inSpace } from './space.ts';
import type { Page, PageRequest } from '../stores/page.ts';
import { refuseTooMany } from './file-change.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

const NOW = 2 ** 31 - 1;

/** Which files of a space. */
export interface FileFilter {
  /** What their paths begin with. */
  readonly prefix?: string;
  /** As they stood then; now by default. */
  readonly atRevision?: number;
}

/** What stands, by path. */
export async function listFiles(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  request: { readonly filter: FileFilter; readonly page: PageRequest },
): Promise<Page<FileVersion>> {
  const { filter, page } = request;
  const rows = await standing(kysely, space, {
    ...filter,
    after: textPlace(page) ?? '',
    limit: rowsToRead(page),
  });
  return toPage(rows, page, { item: fileFromRow, place: (row) => [row.path] });
}

/** Everything that stands. Throws `file.too_many`. */
export async function allFiles(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  atRevision: number = NOW,
): Promise<readonly FileVersion[]> {
  const limit = LIMITS.filesPerRevision + 1;
  const rows = await standing(kysely, space, { atRevision, after: '', limit });
  refuseTooMany(rows.length);
  return rows.map(fileFromRow);
}

/** Versions of a path, newest first. Throws `file.not_found`. */
export async function fileHistory(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  of: { readonly path: string; readonly page: PageRequest },
): Promise<Page<FileVersion>> {
  const before = numberPlace(of.page);
  const { rows } = await sql<FileRow>`
    select ${FILE_COLUMNS} from file_versions v ${JOIN_REVISION}
    where ${inSpace(space)} and v.path = ${of.path} and v.version < ${before ?? NOW}
    order by v.version desc limit ${rowsToRead(of.page)}`.execute(kysely);
  if (rows.length === 0 && before === null) throw unknownFile(of.path);
  return toPage(rows, of.page, { item: fileFromRow, place: (row) => [row.version] });
}

/** The version, or the last one. Throws `file.not_found` and `file.version_not_found`. */
export async function findVersion(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  at: { readonly path: string; readonly version?: number | undefined },
): Promise<FileVersion> {
  const { path, version } = at;
  const { rows } = await sql<FileRow>`
    select ${FILE_COLUMNS} from file_versions v ${JOIN_REVISION}
    where ${inSpace(space)} and v.path = ${path} and v.version <= ${version ?? NOW}
    order by v.version desc limit 1`.execute(kysely);
  const [row] = rows;
  if (row === undefined) throw unknownFile(path);
  if (version !== undefined && row.version !== version) {
    throw new AppError('file.version_not_found', `${path} has no version ${version}`);
  }
  return fileFromRow(row);
}

/** What is said of a path where nothing stands. */
export function unknownFile(path: string): AppError {
  return new AppError('file.not_found', `there is no file ${path}`);
}

interface Standing extends FileFilter {
  readonly after: string;
  readonly limit: number;
}

async function standing(
  kysely: Kysely<Tables>,
  space: SpaceRef,
  { prefix = '', atRevision = NOW, after, limit }: Standing,
): Promise<readonly FileRow[]> {
  const { rows } = await sql<FileRow>`
    select * from (
      select distinct on (v.path) ${FILE_COLUMNS} from file_versions v ${JOIN_REVISION}
      where ${inSpace(space)} and v.revision <= ${atRevision} and v.path > ${after}
        and starts_with(v.path, ${prefix})
      order by v.path, v.version desc
    ) file where not file.deleted order by file.path limit ${limit}`.execute(kysely);
  return rows;
}
