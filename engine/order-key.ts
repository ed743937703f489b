import type { KeyRange } from '../contracts/journal.ts';

/**
 * A step's place in the graph's order: index on the main path, branch number, index inside the
 * branch, and so on. Integers are padded, so that byte order is graph order: '.' sorts before all
 * digits, and a fork before the steps of its branches.
 */
const DIGITS = 5;
const SEPARATOR = '.';
const NUMBER_CHARS = DIGITS + SEPARATOR.length;
/** Chars that one fork adds to a key: its branch and the index inside. */
const FORK_CHARS = 2 * NUMBER_CHARS;
/** Sorts behind every key that extends the key before it. */
const SUBTREE_END = '.~';

/** Key of a run's first step. */
export function firstKey(): string {
  return pad(0);
}

/** Key of the step that follows on the same path. */
export function nextKey(key: string): string {
  return key.slice(0, -DIGITS) + pad(indexOf(key) + 1);
}

/** Key of the first step in a branch of the fork with that key. */
export function branchKey(key: string, branch: number): string {
  return `${key}${SEPARATOR}${pad(branch)}${SEPARATOR}${pad(0)}`;
}

/** Path that the step is on: its key without the last index, '' on the main path. */
export function pathOf(key: string): string {
  return key.slice(0, Math.max(0, key.length - NUMBER_CHARS));
}

/** Number of forks that are open around the step. */
export function depthOf(key: string): number {
  return Math.floor(key.length / FORK_CHARS);
}

/** Key of the fork on the path with `depth` open forks that the step descends from, or its own. */
export function forkKey(key: string, depth: number): string {
  return key.slice(0, depth * FORK_CHARS + DIGITS);
}

/** Key behind a join that leaves `depth` forks open: the place after the fork that it closes. */
export function joinKey(key: string, depth: number): string {
  return nextKey(forkKey(key, depth));
}

/** Key at an index of a path. */
export function keyAt(path: string, index: number): string {
  return path === '' ? pad(index) : `${path}${SEPARATOR}${pad(index)}`;
}

/** Index of the step on its path. */
export function indexOf(key: string): number {
  return Number(key.slice(-DIGITS));
}

/** True when the step is in a branch of the fork with that key. */
export function isUnder(fork: string, key: string): boolean {
  return key.length > fork.length && key[fork.length] === SEPARATOR && key.startsWith(fork);
}

/** A path as step ids show it: `3.1` for `00003.00001`. */
export function shortPath(path: string): string {
  return path === '' ? '' : path.split(SEPARATOR).map(Number).join(SEPARATOR);
}

/**
 * What a step may read: on its own path and on the paths that it descends from all earlier steps,
 * with everything in forks closed by then; never a sibling branch of a fork that is still open. The
 * first step reads nothing.
 */
export function visibleRanges(key: string): readonly KeyRange[] {
  const ranges: KeyRange[] = [];
  const depth = depthOf(key);
  for (let level = 0; level < depth; level++) {
    const fork = forkKey(key, level);
    ranges.push({ after: pathOf(fork), upTo: fork });
  }
  const index = indexOf(key);
  if (index > 0) {
    const path = pathOf(key);
    ranges.push({ after: path, upTo: keyAt(path, index - 1) + SUBTREE_END });
  }
  return ranges;
}

function pad(value: number): string {
  return String(value).padStart(DIGITS, '0');
}
