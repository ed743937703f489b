import { AppError } from '../../../contracts/app-error.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { guardOf, optionsOf, pathOf, spaceOf } from './file-context.ts';
import type { FileChange, FileStore } from '../../../db/stores/file-store.ts';
import type { FileRevision, SpaceRef } from '../../../contracts/file.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { ToolContext } from '../tool.ts';

const SHOWN_PATHS = 50;

/** Removes what stands at the argument `path`, with all that is below it. */
export async function removeFiles(
  files: FileStore,
  context: ToolContext,
  args: JsonObject,
): Promise<Json> {
  const space = spaceOf(context);
  const path = pathOf(args);
  const done = await files.written(space, context.idempotencyKey);
  if (done !== null) return toResult(done);
  const below = await pathsBelow(files, space, path);
  const head = await standing(files, space, path);
  if (!head && below.length === 0) throw new AppError('file.not_found', `there is no file ${path}`);
  const top: readonly FileChange[] = head ? [{ path, kind: 'removed', ...guardOf(args) }] : [];
  const changes = [...top, ...below.map((each) => ({ path: each, kind: 'removed' }) as const)];
  return toResult(await files.commitRevision(space, changes, optionsOf(context)));
}

async function standing(files: FileStore, space: SpaceRef, path: string): Promise<boolean> {
  const { items } = await files.list(space, { prefix: path }, { limit: 1 });
  return items[0]?.path === path;
}

async function pathsBelow(
  files: FileStore,
  space: SpaceRef,
  path: string,
): Promise<readonly string[]> {
  const paths: string[] = [];
  let cursor: string | null = null;
  do {
    const page = { limit: LIMITS.pageSize, ...(cursor === null ? {} : { cursor }) };
    const { items, nextCursor } = await files.list(space, { prefix: `${path}/` }, page);
    paths.push(...items.map((item) => item.path));
    cursor = nextCursor;
  } while (cursor !== null);
  return paths;
}

function toResult({ versions }: FileRevision): Json {
  const paths = versions.map(({ path }) => path);
  return {
    removed: paths.slice(0, SHOWN_PATHS),
    ...(paths.length > SHOWN_PATHS ? { removedCount: paths.length } : {}),
  };
}
