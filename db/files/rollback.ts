import { allFiles, findVersion } from './read-files.ts';
import { AppError } from '../../contracts/app-error.ts';
import { commitRevision, type RevisionOptions } from './commit-revision.ts';
import type { FileChange, WriteGuard } from './file-change.ts';
import type { FileRevision, FileVersion, SpaceRef } from '../../contracts/file.ts';
import { lastRevision } from './space.ts';
import type { Database } from '../database.ts';

/** Which version is wanted again, and on what condition. */
export interface RollbackTarget extends WriteGuard {
  readonly version: number;
}

/** Makes a version of the path that is like an older one. */
export async function rollbackFile(
  database: Database,
  space: SpaceRef,
  to: RollbackTarget & { readonly options: RevisionOptions },
): Promise<FileRevision> {
  const { version, options, ...guard } = to;
  const old = await findVersion(database.kysely, space, { path: guard.path, version });
  const note = options.note ?? `back to version ${version}`;
  return commitRevision(database, space, {
    changes: [{ ...like(old), ...guard }],
    options: { ...options, note },
  });
}

/** Makes all files of a space what they were at a revision. */
export async function rollbackSpace(
  database: Database,
  space: SpaceRef,
  to: { readonly revision: number; readonly options: RevisionOptions },
): Promise<FileRevision> {
  const { revision, options } = to;
  const { kysely } = database;
  if (revision > (await lastRevision(kysely, space))) {
    throw new AppError('file.version_not_found', `the files have no revision ${revision}`);
  }
  const [then, now] = await Promise.all([
    allFiles(kysely, space, revision),
    allFiles(kysely, space),
  ]);
  const nowByPath = new Map(now.map((file) => [file.path, file]));
  const thenPaths = new Set(then.map(({ path }) => path));
  // What somebody writes meanwhile is not undone unseen: the versions must be those seen here.
  const changes = [
    ...now.filter(({ path }) => !thenPaths.has(path)).map(removal),
    ...then
      .filter((file) => !isSame(file, nowByPath.get(file.path)))
      .map((file) => ({
        ...like(file),
        expectedVersion: nowByPath.get(file.path)?.version ?? 0,
      })),
  ];
  const note = options.note ?? `back to revision ${revision}`;
  return commitRevision(database, space, { changes, options: { ...options, note } });
}

function removal({ path, version }: FileVersion): FileChange {
  return { kind: 'removed', path, expectedVersion: version };
}

function like({ path, kind, deleted, sha256, mode, target }: FileVersion): FileChange {
  if (deleted) return { kind: 'removed', path };
  if (kind === 'folder') return { kind, path, mode };
  if (kind === 'link') return { kind, path, target: target ?? '' };
  return { kind, path, mode, content: { sha256: sha256 ?? '' } };
}

function isSame(one: FileVersion, other: FileVersion | undefined): boolean {
  return (
    one.kind === other?.kind &&
    one.sha256 === other.sha256 &&
    one.mode === other.mode &&
    one.target === other.target
  );
}
