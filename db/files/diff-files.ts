import { createTwoFilesPatch } from 'diff';
import { findVersion } from './read-files.ts';
import type { Database } from '../database.ts';
import type { FileDiff, FileVersion, SpaceRef } from '../../contracts/file.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { readContent } from './contents.ts';
import { toText } from './text-content.ts';

/** Which versions to compare. */
export interface DiffRequest {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** See `FileStore.diff`. */
export async function diffFiles(
  database: Database,
  space: SpaceRef,
  { path, from, to }: DiffRequest,
): Promise<FileDiff> {
  const [one, other] = await Promise.all(
    [from, to].map((version) => findVersion(database.kysely, space, { path, version })),
  );
  if (one === undefined || other === undefined) throw new Error('two versions were asked for');
  const answer = (kind: FileDiff['kind'], diff = ''): FileDiff => ({ path, from, to, kind, diff });
  if (Math.max(one.sizeBytes, other.sizeBytes) > LIMITS.diffBytes) return answer('too_large');
  const [before, after] = await Promise.all([
    textOf(database, space, one),
    textOf(database, space, other),
  ]);
  if (before === null || after === null) return answer('binary');
  if (before === after) return answer('text');
  const diff = await compare(path, before, after);
  return diff === null ? answer('too_large') : answer('text', diff);
}

/** What is compared: nothing where nothing stands, the target of a link. */
async function textOf(
  database: Database,
  { workspaceId }: SpaceRef,
  { sha256, target }: FileVersion,
): Promise<string | null> {
  if (sha256 === null) return target ?? '';
  return toText(await readContent(database, workspaceId, sha256));
}

/** Null if it takes too long. Works in slices, so that others have their turns. */
function compare(path: string, before: string, after: string): Promise<string | null> {
  return new Promise((resolve) => {
    createTwoFilesPatch(path, path, before, after, undefined, undefined, {
      timeout: LIMITS.diffMs,
      callback: (patch) => {
        resolve(patch ?? null);
      },
    });
  });
}
