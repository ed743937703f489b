import { AppError } from '../../../contracts/app-error.ts';
import { agentOf, findHead, guardOf, optionsOf, pathOf, spaceOf } from './file-context.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { FileVersion } from '../../../contracts/file.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { ToolContext } from '../tool.ts';

const WRITE_TRIES = 10;

/**
 * Writes the bytes at the argument `path`. Without `expectedVersion` and `overwrite`, only the
 * agent's own file is replaced, so that nobody loses another's change: else `file.conflict`.
 */
export async function writeFile(
  files: FileStore,
  context: ToolContext,
  write: { readonly args: JsonObject; readonly bytes: Buffer },
): Promise<JsonObject> {
  const { args, bytes } = write;
  const path = pathOf(args);
  const space = spaceOf(context);
  const given = guardOf(args);
  const isGuarded = given.expectedVersion !== undefined || args['overwrite'] === true;
  for (let tried = 1; ; tried += 1) {
    const head = await findHead(files, space, path);
    const standing = head?.deleted === false ? head : null;
    // Checked here, and again where it is written: somebody may write between the two.
    const isFree = isGuarded || standing === null || isOwn(standing, context);
    const seen = isGuarded ? {} : { expectedVersion: isFree ? (standing?.version ?? 0) : 0 };
    const mode = standing?.kind === 'file' ? { mode: standing.mode } : {};
    try {
      const change = { kind: 'file', path, content: bytes, ...mode, ...seen, ...given } as const;
      return toResult(await files.write(space, change, optionsOf(context)));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'file.conflict') throw error;
      if (standing !== null && !isFree) throw othersFile(standing);
      const now = await findHead(files, space, path);
      const hasMoved = (now?.version ?? 0) !== (head?.version ?? 0);
      if (isGuarded || !hasMoved || tried === WRITE_TRIES) throw error;
    }
  }
}

/** What a model is told of a version that it has written. */
export function toResult({ path, version, sizeBytes }: FileVersion): JsonObject {
  return { path, version, sizeBytes };
}

function isOwn({ actor, stepId }: FileVersion, context: ToolContext): boolean {
  return actor === context.actor && agentOf(stepId) === agentOf(context.stepId);
}

function othersFile({ path, version, actor, stepId }: FileVersion): AppError {
  const writer = agentOf(stepId) === '' ? actor : agentOf(stepId);
  const how = `give expectedVersion ${version} to replace it, or edit it`;
  return new AppError('file.conflict', `${path} is at version ${version}, by ${writer}; ${how}`);
}
