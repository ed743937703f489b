import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { checkFilePath } from '../../contracts/file-path.ts';
import type { FileChange, FileStore } from '../../db/stores/file-store.ts';
import type { Manifest, ManifestEntry } from '../../contracts/sandbox.ts';
import type { SandboxFiles } from '../../adapters/sandbox/port.ts';
import type { SpaceRef } from '../../contracts/file.ts';

/** Contents stored together; bounds what is held in memory. */
const CONTENTS_PER_WRITE = 4;

/** A sandbox's files and the versioned files that they are a copy of. */
export interface SyncedWorkspace {
  readonly inside: SandboxFiles;
  readonly store: FileStore;
  readonly space: SpaceRef;
}

/** How both sides stood when they were the same. */
export interface SyncPoint {
  readonly revision: number;
  readonly manifest: Manifest;
}

/** Both sides of an empty workspace. */
export const NOTHING_SYNCED: SyncPoint = { revision: 0, manifest: { entries: [] } };

/** Who changed the files. The key tells a repeated commit of the same changes. */
export interface SyncAuthor {
  readonly key: string;
  readonly actor: string;
  readonly stepId: string;
}

/** A path whose change in the sandbox could not be stored, and why. */
export interface Unstored {
  readonly path: string;
  readonly reason: string;
}

/** Where both sides are the same again, and what the sandbox had changed. */
export interface Synced {
  readonly point: SyncPoint;
  readonly changed: readonly string[];
  readonly unstored: readonly Unstored[];
}

type Entry = ManifestEntry | undefined;
type Entries = ReadonlyMap<string, ManifestEntry>;

interface Difference {
  readonly path: string;
  /** Undefined: nothing is to stand there. */
  readonly entry: Entry;
}

/**
 * Makes both sides the same, transferring what differs and no more. What only the store has changed
 * since `point` goes into the sandbox; what the sandbox has changed becomes a new revision, also
 * where the store has changed it as well: its version stays in the history.
 */
export async function syncFiles(
  workspace: SyncedWorkspace,
  point: SyncPoint,
  author: SyncAuthor,
): Promise<Synced> {
  const { inside, store, space } = workspace;
  const changed = new Set<string>();
  const unstored = new Map<string, Unstored>();
  for (let base = point; ;) {
    const revision = await store.lastRevision(space);
    const target =
      revision === base.revision ? base.manifest : await store.manifest(space, revision);
    const there = await inside.list();
    const { incoming, outgoing } = compare(target, there, base.manifest);
    await putInside(workspace, incoming, byPath(there));
    const now = incoming.length === 0 ? there : await inside.list();
    const wanted = outgoing.filter(({ path }) => !unstored.has(path));
    const stored = await commitAll(workspace, wanted, { ...author, revision });
    for (const one of stored.unstored) unstored.set(one.path, one);
    for (const path of stored.paths) changed.add(path);
    const entries = now.filter(({ path }) => !unstored.has(path));
    base = { revision: stored.revision, manifest: { entries } };
    // Nobody wrote in between.
    if (stored.revision === revision + stored.commits) {
      return { point: base, changed: [...changed], unstored: [...unstored.values()] };
    }
  }
}

function compare(target: Manifest, there: readonly ManifestEntry[], base: Manifest) {
  const [wanted, is, was] = [byPath(target.entries), byPath(there), byPath(base.entries)];
  const incoming: Difference[] = [];
  const outgoing: Difference[] = [];
  for (const path of new Set([...wanted.keys(), ...is.keys()])) {
    if (isSame(wanted.get(path), is.get(path))) continue;
    if (isSame(is.get(path), was.get(path))) incoming.push({ path, entry: wanted.get(path) });
    else outgoing.push({ path, entry: is.get(path) });
  }
  return { incoming, outgoing };
}

async function putInside(
  { inside, store, space }: SyncedWorkspace,
  incoming: readonly Difference[],
  there: Entries,
): Promise<void> {
  const isReplaced = ({ path, entry }: Difference): boolean =>
    there.has(path) && (entry?.kind !== there.get(path)?.kind || entry?.kind === 'link');
  const inOrder = incoming.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const difference of inOrder.toReversed()) {
    if (isReplaced(difference)) await inside.remove(difference.path);
  }
  for (const { path, entry } of inOrder) {
    if (entry?.kind === 'file') {
      const bytes = await store.content(space.workspaceId, entry.sha256);
      await inside.write(path, bytes, entry.mode);
    } else if (entry !== undefined) {
      await inside.make(entry);
    }
  }
}

interface Committed {
  readonly revision: number;
  readonly commits: number;
  readonly paths: readonly string[];
  readonly unstored: readonly Unstored[];
}

type CommitAuthor = SyncAuthor & { readonly revision: number };

async function commitAll(
  workspace: SyncedWorkspace,
  outgoing: readonly Difference[],
  by: CommitAuthor,
): Promise<Committed> {
  const problems = outgoing.flatMap(problemOf);
  const bad = new Set(problems.map(({ path }) => path));
  const good = outgoing.filter(({ path }) => !bad.has(path));
  const gone = await storeContents(workspace, good);
  const unstored = [...problems, ...gone];
  const lost = new Set(gone.map(({ path }) => path));
  const changes = good.filter(({ path }) => !lost.has(path)).map(toChange);
  const nothing = { revision: by.revision, commits: 0, paths: [], unstored };
  if (changes.length === 0) return nothing;
  try {
    const revision = await commit(workspace, changes, by);
    return { revision, commits: 1, paths: changes.map(({ path }) => path), unstored };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return commitEach(workspace, changes, { by, nothing });
  }
}

/** One at a time, so that what is refused does not take the rest with it. */
async function commitEach(
  workspace: SyncedWorkspace,
  changes: readonly FileChange[],
  { by, nothing }: { readonly by: CommitAuthor; readonly nothing: Committed },
): Promise<Committed> {
  let [{ revision }, commits] = [nothing, 0];
  const unstored = [...nothing.unstored];
  const paths: string[] = [];
  for (const change of changes) {
    const { path } = change;
    try {
      revision = await commit(workspace, [change], { ...by, key: `${by.key}:${path}` });
      commits += 1;
      paths.push(path);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      unstored.push({ path, reason: error.message });
    }
  }
  return { revision, commits, paths, unstored };
}

async function commit(
  { store, space }: SyncedWorkspace,
  changes: readonly FileChange[],
  { key, actor, stepId, revision }: CommitAuthor,
): Promise<number> {
  // Of equal changes of two processes at once, one commit is enough.
  const options = { actor, stepId, key: `${key}@${revision}` };
  return (await store.commitRevision(space, changes, options)).revision;
}

function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && error.code.startsWith('file.');
}

function problemOf({ path, entry }: Difference): readonly Unstored[] {
  try {
    checkFilePath(path);
  } catch (error) {
    if (error instanceof AppError) return [{ path, reason: error.message }];
    throw error;
  }
  if (entry?.kind !== 'file' || entry.sizeBytes <= LIMITS.fileBytes) return [];
  return [{ path, reason: `it has more than ${LIMITS.fileBytes / 1_048_576} MiB` }];
}

/** Answers with files that were gone, or others, by the time they were read. */
async function storeContents(
  { inside, store, space }: SyncedWorkspace,
  outgoing: readonly Difference[],
): Promise<readonly Unstored[]> {
  const files = new Map<string, string>();
  for (const { path, entry } of outgoing) {
    if (entry?.kind === 'file') files.set(entry.sha256, path);
  }
  const missing = await store.missing(space.workspaceId, [...files.keys()]);
  const lost = new Set<string>();
  for (let at = 0; at < missing.length; at += CONTENTS_PER_WRITE) {
    const some = missing.slice(at, at + CONTENTS_PER_WRITE);
    const contents = await Promise.all(
      some.map((sha256) => inside.read(files.get(sha256) ?? '').catch(ifGone)),
    );
    const read = contents.filter((bytes) => bytes !== null);
    const stored = new Set(await store.putContents(space.workspaceId, read));
    for (const sha256 of some) if (!stored.has(sha256)) lost.add(sha256);
  }
  return outgoing
    .filter(({ entry }) => entry?.kind === 'file' && lost.has(entry.sha256))
    .map(({ path }) => ({ path, reason: 'it changed while it was read' }));
}

/** A file that a process in the background has changed meanwhile is stored with the next command. */
function ifGone(error: unknown): null {
  if (error instanceof AppError && error.code === 'sandbox.file_not_found') return null;
  throw error;
}

function toChange({ path, entry }: Difference): FileChange {
  switch (entry?.kind) {
    case undefined:
      return { path, kind: 'removed' };
    case 'file':
      return { path, kind: 'file', content: { sha256: entry.sha256 }, mode: entry.mode };
    case 'folder':
      return { path, kind: 'folder', mode: entry.mode };
    case 'link':
      return { path, kind: 'link', target: entry.target };
  }
}

function byPath(entries: readonly ManifestEntry[]): Entries {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function isSame(a: Entry, b: Entry): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'link' && b.kind === 'link') return a.target === b.target;
  if (a.kind === 'file' && b.kind === 'file') return a.sha256 === b.sha256 && a.mode === b.mode;
  return a.kind === b.kind;
}
