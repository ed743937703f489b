/** What stands at a path. */
export const FILE_KINDS = ['file', 'folder', 'link'] as const;
/** What stands at a path. */
export type FileKind = (typeof FILE_KINDS)[number];

/** A set of files with one history; a run's own space has the run's id. */
export interface SpaceRef {
  readonly workspaceId: string;
  readonly spaceId: string;
}

/** One version of a path: 1, 2, 3 … in the order of its writes. */
export interface FileVersion {
  readonly path: string;
  readonly version: number;
  /** The space's revision that it came with. */
  readonly revision: number;
  readonly kind: FileKind;
  /** True: from this version on nothing stands there. */
  readonly deleted: boolean;
  /** Of its content, in lowercase hex; null unless it is a file that stands. */
  readonly sha256: string | null;
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  /** Where a link points. */
  readonly target: string | null;
  /** Who wrote it. */
  readonly actor: string;
  readonly stepId: string | null;
  readonly note: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What was written together; revisions of a space count 1..n without gaps. */
export interface FileRevision {
  readonly revision: number;
  readonly versions: readonly FileVersion[];
}

/** How two versions of a file differ. */
export interface FileDiff {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** Only `text` has a diff; `too_large`: too long, or too different, to compare. */
  readonly kind: 'text' | 'binary' | 'too_large';
  /** Unified; empty if nothing differs. */
  readonly diff: string;
}

/** A line that a search has found. */
export interface FileMatch {
  readonly path: string;
  readonly version: number;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** What a search has found. */
export interface FileSearch {
  readonly matches: readonly FileMatch[];
  /** Files that were not searched. */
  readonly skipped: readonly { readonly path: string; readonly reason: 'binary' | 'too_large' }[];
  /** There may be more: a limit of matches, bytes or time was reached. */
  readonly truncated: boolean;
}
