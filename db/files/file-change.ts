import { AppError } from '../../contracts/app-error.ts';
import { checkFilePath } from '../../contracts/file-path.ts';
import type { FileKind } from '../../contracts/file.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { contentSizes, putContents, refuseTooLarge, unknownContent } from './contents.ts';
import type { Database } from '../database.ts';

/** Bytes, or the SHA-256 of a content that is stored already. */
export type FileContent = Uint8Array | { readonly sha256: string };

/** On what condition a path may be written. */
export interface WriteGuard {
  readonly path: string;
  /** Refused with `file.conflict` if another version stands; 0: if anything stands. */
  readonly expectedVersion?: number;
  /** Of the lock that the writer holds; an older one than the lock's is `file.conflict`. */
  readonly fencingToken?: number;
}

/** A write of one path. Modes are 644 and 755 by default; removing nothing changes nothing. */
export type FileChange = WriteGuard &
  (
    | { readonly kind: 'file'; readonly content: FileContent; readonly mode?: number }
    | { readonly kind: 'folder'; readonly mode?: number }
    | { readonly kind: 'link'; readonly target: string }
    | { readonly kind: 'removed' }
  );

/** A change whose content is stored, as rows have it. */
export interface PreparedChange extends WriteGuard {
  readonly kind: FileKind | 'removed';
  readonly sha256: string | null;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly target: string | null;
}

const PERMISSION_BITS = 0o7777;
const MODES = { file: 0o644, folder: 0o755, link: 0o777, removed: 0 } as const;
const TARGET_CHARS = 4_096;

/** Checks the changes and stores their contents. */
export async function prepareChanges(
  database: Database,
  workspaceId: string,
  changes: readonly FileChange[],
): Promise<readonly PreparedChange[]> {
  refuseTooMany(changes.length);
  const paths = new Set<string>();
  for (const change of changes) {
    checkFilePath(change.path);
    if (paths.has(change.path)) {
      throw new AppError('file.conflict', `${change.path} is named twice in one revision`);
    }
    paths.add(change.path);
  }
  const contents = await storeContents(database, workspaceId, changes);
  return changes.map((change) => {
    const content = contents.get(change.path);
    const mode = ('mode' in change ? change.mode : undefined) ?? MODES[change.kind];
    const { expectedVersion, fencingToken } = change;
    return {
      path: change.path,
      kind: change.kind,
      sha256: content?.sha256 ?? null,
      sizeBytes: content?.sizeBytes ?? 0,
      mode: mode & PERMISSION_BITS,
      target: change.kind === 'link' ? checkTarget(change.target) : null,
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      ...(fencingToken === undefined ? {} : { fencingToken }),
    };
  });
}

/** Throws `file.too_many`. */
export function refuseTooMany(count: number): void {
  if (count <= LIMITS.filesPerRevision) return;
  throw new AppError('file.too_many', `more than ${LIMITS.filesPerRevision} files at once`);
}

interface Stored {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What each file will hold, by its path. Throws `blob.not_found`, `file.too_large`. */
async function storeContents(
  database: Database,
  workspaceId: string,
  changes: readonly FileChange[],
): Promise<ReadonlyMap<string, Stored>> {
  const found = new Map<string, Stored>();
  const byBytes: { path: string; bytes: Uint8Array }[] = [];
  const bySha: { path: string; sha256: string }[] = [];
  for (const change of changes) {
    if (change.kind !== 'file') continue;
    const { path, content } = change;
    if (content instanceof Uint8Array) byBytes.push({ path, bytes: content });
    else bySha.push({ path, sha256: content.sha256 });
  }
  const given = byBytes.map(({ bytes }) => bytes);
  const stored = await putContents(database, workspaceId, given);
  for (const [index, { path, bytes }] of byBytes.entries()) {
    found.set(path, { sha256: stored[index] ?? '', sizeBytes: bytes.length });
  }
  const wanted = bySha.map(({ sha256 }) => sha256);
  const sizes = await contentSizes(database, workspaceId, wanted);
  for (const { path, sha256 } of bySha) {
    const sizeBytes = sizes.get(sha256);
    if (sizeBytes === undefined) throw unknownContent(sha256);
    refuseTooLarge(sizeBytes);
    found.set(path, { sha256, sizeBytes });
  }
  return found;
}

function checkTarget(target: string): string {
  const fits = target !== '' && target.length <= TARGET_CHARS && target.isWellFormed();
  if (fits && !target.includes('\0')) return target;
  throw new AppError('file.bad_path', 'the target of a link is empty, too long or no text');
}
