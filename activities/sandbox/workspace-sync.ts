import type { FileChange, FileStore } from '../../db/stores/file-store.ts';
import type { Manifest, ManifestEntry } from '../../contracts/sandbox.ts';
import type { SandboxFiles } from '../../adapters/sandbox/port.ts';
import type { SpaceRef } from '../../contracts/file.ts';

/** Contents stored together; bounds what is held in memory. */
const CONTENTS_PER_WRITE = 16;

/** A sandbox's files and the versioned files that they are a copy of. */
export interface SyncedWorkspace {
  readonly inside: SandboxFiles;
  readonly store: FileStore;
  readonly space: SpaceRef;
}

/** Makes the sandbox's files what the store has; transfers what differs, and no more. */
export async function pushFiles(
  { inside, store, space }: SyncedWorkspace,
  wanted: Manifest,
): Promise<void> {
  const there = byPath(await inside.list());
  const wantedPaths = byPath(wanted.entries);
  for (const path of [...there.keys()].reverse()) {
    if (wantedPaths.get(path)?.kind !== there.get(path)?.kind) await inside.remove(path);
  }
  for (const entry of wanted.entries) {
    if (isSame(entry, there.get(entry.path))) continue;
    if (entry.kind !== 'file') {
      if (there.get(entry.path)?.kind === 'link') await inside.remove(entry.path);
      await inside.make(entry);
      continue;
    }
    const bytes = await store.content(space.workspaceId, entry.sha256);
    await inside.write(entry.path, bytes, entry.mode);
  }
}

/**
 * Commits what a command has changed in the sandbox as one revision; answers with how the files
 * stand. Repeating it with the same key changes nothing.
 */
export async function pullFiles(
  { inside, store, space }: SyncedWorkspace,
  before: Manifest,
  by: { readonly key: string; readonly actor: string; readonly stepId: string },
): Promise<{ readonly manifest: Manifest; readonly changed: readonly string[] }> {
  const manifest: Manifest = { entries: await inside.list() };
  const differing = differences(before, manifest);
  if (differing.length === 0) return { manifest: before, changed: [] };
  await storeContents({ inside, store, space }, differing);
  await store.commitRevision(space, differing.map(toChange), {
    actor: by.actor,
    stepId: by.stepId,
    key: by.key,
  });
  return { manifest, changed: differing.map(({ path }) => path) };
}

interface Difference {
  readonly path: string;
  /** Null: nothing stands there any more. */
  readonly entry: ManifestEntry | null;
}

/** What differs between two manifests, by path. */
export function differences(before: Manifest, after: Manifest): readonly Difference[] {
  const was = byPath(before.entries);
  const is = byPath(after.entries);
  const changed = after.entries.filter((entry) => !isSame(entry, was.get(entry.path)));
  const gone = before.entries.filter(({ path }) => !is.has(path));
  return [
    ...gone.map(({ path }) => ({ path, entry: null })),
    ...changed.map((entry) => ({ path: entry.path, entry })),
  ];
}

async function storeContents(
  { inside, store, space }: SyncedWorkspace,
  differing: readonly Difference[],
): Promise<void> {
  const files = new Map<string, string>();
  for (const { entry } of differing) {
    if (entry?.kind === 'file') files.set(entry.sha256, entry.path);
  }
  const missing = await store.missing(space.workspaceId, [...files.keys()]);
  for (let at = 0; at < missing.length; at += CONTENTS_PER_WRITE) {
    const some = missing.slice(at, at + CONTENTS_PER_WRITE);
    const contents = await Promise.all(some.map((sha256) => inside.read(files.get(sha256) ?? '')));
    await store.putContents(space.workspaceId, contents);
  }
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

function byPath(entries: readonly ManifestEntry[]): ReadonlyMap<string, ManifestEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function isSame(a: ManifestEntry, b: ManifestEntry | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'link' && b.kind === 'link') return a.target === b.target;
  if (a.kind === 'file' && b.kind === 'file') return a.sha256 === b.sha256 && a.mode === b.mode;
  return true;
}
