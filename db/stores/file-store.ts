import { allFiles, fileHistory, findVersion, listFiles, unknownFile } from '../files/read-files.ts';
import { byKey, commitRevision, type RevisionOptions } from '../files/commit-revision.ts';
import { copySpace, type SpaceCopy } from '../files/copy-space.ts';
import { diffFiles, type DiffRequest } from '../files/diff-files.ts';
import type {
  FileDiff,
  FileRevision,
  FileSearch,
  FileVersion,
  SpaceRef,
} from '../../contracts/file.ts';
import { lockFile, unlockFile, type FileLock, type LockRequest } from '../files/locks.ts';
import { missingContents, putContents, readContent } from '../files/contents.ts';
import { rollbackFile, rollbackSpace, type RollbackTarget } from '../files/rollback.ts';
import { searchFiles, type SearchRequest } from '../files/search-files.ts';
import type { Database } from '../database.ts';
import type { FileChange } from '../files/file-change.ts';
import type { FileFilter } from '../files/read-files.ts';
import { lastRevision } from '../files/space.ts';
import type { Manifest } from '../../contracts/sandbox.ts';
import type { Page, PageRequest } from './page.ts';
import { toManifestEntry } from '../rows/file-row.ts';

export type { FileChange } from '../files/file-change.ts';
export type { FileFilter } from '../files/read-files.ts';
export type { RevisionOptions } from '../files/commit-revision.ts';

/** A file with its bytes. */
export interface StoredFile {
  readonly file: FileVersion;
  readonly bytes: Buffer;
}

/**
 * Versioned files. Writers of a space take turns; nothing written is ever lost or changed. Paths are
 * refused with `file.bad_path`, a space without its run with `run.not_found` where it is written.
 */
export interface FileStore {
  /** Makes the path's next version. Throws `file.conflict`, `file.locked`, `file.too_large`. */
  write(space: SpaceRef, change: FileChange, options: RevisionOptions): Promise<FileVersion>;
  /** Writes files together or not at all. Throws what `write` throws, and `file.too_many`. */
  commitRevision(
    space: SpaceRef,
    changes: readonly FileChange[],
    options: RevisionOptions,
  ): Promise<FileRevision>;
  /** Removes what stands at the path; its versions stay. Throws `file.not_found`. */
  remove(
    space: SpaceRef,
    change: Omit<Extract<FileChange, { readonly kind: 'removed' }>, 'kind'>,
    options: RevisionOptions,
  ): Promise<FileVersion>;
  /** A file's last version, or another. Throws `file.not_found`, `file.version_not_found`. */
  read(space: SpaceRef, path: string, version?: number): Promise<StoredFile>;
  /** The same without its bytes; also of folders, links and removals. */
  stat(space: SpaceRef, path: string, version?: number): Promise<FileVersion>;
  /** What stands, by path. */
  list(space: SpaceRef, filter: FileFilter, page: PageRequest): Promise<Page<FileVersion>>;
  /** Versions of a path, newest first. Throws `file.not_found`. */
  history(space: SpaceRef, path: string, page: PageRequest): Promise<Page<FileVersion>>;
  /** What was written with the key; null if nothing was. */
  written(space: SpaceRef, key: string): Promise<FileRevision | null>;
  /** Of the last write; 0 before the first. */
  lastRevision(space: SpaceRef): Promise<number>;
  /** All that stands, or stood at a revision. */
  manifest(space: SpaceRef, atRevision?: number): Promise<Manifest>;
  /** Which of these contents are not stored yet. */
  missing(workspaceId: string, sha256s: readonly string[]): Promise<readonly string[]>;
  /** Stores contents, so that they can be written by their SHA-256; answers with those. */
  putContents(workspaceId: string, contents: readonly Uint8Array[]): Promise<readonly string[]>;
  /** Bytes of a content that is stored. Throws `blob.not_found`. */
  content(workspaceId: string, sha256: string): Promise<Buffer>;
  /** Makes a version that is like an older one. */
  rollback(space: SpaceRef, to: RollbackTarget, options: RevisionOptions): Promise<FileRevision>;
  /** Makes all files what they were at a revision; 0: none. */
  rollbackAll(space: SpaceRef, revision: number, options: RevisionOptions): Promise<FileRevision>;
  /** How two versions differ. */
  diff(space: SpaceRef, request: DiffRequest): Promise<FileDiff>;
  /** Lines that match, within limits of time and number. Throws `file.bad_pattern`. */
  search(space: SpaceRef, request: SearchRequest): Promise<FileSearch>;
  /** Gives a new space the history of another up to a revision; repeating it does nothing. */
  copySpace(copy: SpaceCopy): Promise<void>;
  /** Lets others not write the path; the holder himself prolongs it. Throws `file.locked`. */
  lock(space: SpaceRef, request: LockRequest): Promise<FileLock>;
  /** False if the lock was not held any more. */
  unlock(
    space: SpaceRef,
    lock: { readonly path: string; readonly token: number },
  ): Promise<boolean>;
}

/** Files on PostgreSQL. */
export function createFileStore(database: Database): FileStore {
  const { kysely } = database;
  const commit: FileStore['commitRevision'] = (space, changes, options) =>
    commitRevision(database, space, { changes, options });
  const writeOne: FileStore['write'] = async (space, change, options) => {
    const { versions } = await commit(space, [change], options);
    const [version] = versions;
    if (version === undefined) throw unknownFile(change.path);
    return version;
  };
  const stat: FileStore['stat'] = (space, path, version) =>
    findVersion(kysely, space, { path, version });
  return {
    write: writeOne,
    commitRevision: commit,
    remove: async (space, change, options) => {
      // What a repeated call has removed already is told from its key.
      if (options.key === undefined) refuseRemoved(await stat(space, change.path));
      return writeOne(space, { ...change, kind: 'removed' }, options);
    },
    read: async (space, path, version) => {
      const file = await stat(space, path, version);
      if (file.sha256 === null) throw unknownFile(path);
      return { file, bytes: await readContent(database, space.workspaceId, file.sha256) };
    },
    stat,
    list: (space, filter, page) => listFiles(kysely, space, { filter, page }),
    history: (space, path, page) => fileHistory(kysely, space, { path, page }),
    written: (space, key) => byKey(kysely, space, key),
    lastRevision: (space) => lastRevision(kysely, space),
    manifest: async (space, atRevision) => ({
      entries: (await allFiles(kysely, space, atRevision)).map(toManifestEntry),
    }),
    missing: (workspaceId, sha256s) => missingContents(database, workspaceId, sha256s),
    putContents: (workspaceId, contents) => putContents(database, workspaceId, contents),
    content: (workspaceId, sha256) => readContent(database, workspaceId, sha256),
    rollback: (space, to, options) => rollbackFile(database, space, { ...to, options }),
    rollbackAll: (space, revision, options) =>
      rollbackSpace(database, space, { revision, options }),
    diff: (space, request) => diffFiles(database, space, request),
    search: (space, request) => searchFiles(database, space, request),
    copySpace: (copy) => copySpace(kysely, copy),
    lock: (space, request) => lockFile(kysely, space, request),
    unlock: (space, lock) => unlockFile(kysely, space, lock),
  };
}

function refuseRemoved(file: FileVersion): void {
  if (file.deleted) throw unknownFile(file.path);
}
