import { AppError } from '../../../contracts/app-error.ts';
import { checkFilePath } from '../../../contracts/file-path.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { textOf } from '../built-in/text-argument.ts';
import type { FileStore, RevisionOptions } from '../../../db/stores/file-store.ts';
import type { FileVersion, SpaceRef } from '../../../contracts/file.ts';
import type { JsonObject, JsonSchema } from '../../../contracts/json.ts';
import type { Tool, ToolContext } from '../tool.ts';

/** Name by which an agent gets all tools for files. */
export const FILE_TOOLS = 'files';

/** What all of them have in common. */
export const FILE_TOOL = {
  group: FILE_TOOLS,
  timeoutMs: 10_000,
  light: true,
} as const satisfies Partial<Tool>;

/** Parameter: a path of the run's files. */
export const PATH = {
  type: 'string',
  minLength: 1,
  maxLength: LIMITS.filePathChars,
  description: 'Relative to the working folder, as in src/main.py',
} as const satisfies JsonSchema;

/** Parameter: a version. */
export const VERSION = { type: 'integer', minimum: 1 } as const satisfies JsonSchema;

/** Parameters of everything that writes. */
export const GUARDS: Readonly<Record<string, JsonSchema>> = {
  expectedVersion: {
    type: 'integer',
    minimum: 0,
    description: 'Version that this replaces; refused if another stands. 0: nothing stands',
  },
  fencingToken: { type: 'integer', minimum: 1, description: 'From lock_file' },
};

/** A tool's parameters: these and no others. */
export function parametersOf(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** The run's own files: all agents of the run share them. */
export function spaceOf({ workspaceId, runId }: ToolContext): SpaceRef {
  return { workspaceId, spaceId: runId };
}

/** The agent among those of its run: its node. Steps are named `node:visit` and `node.call:n`. */
export function agentOf(stepId: string | null): string {
  return stepId?.split(/[.:]/, 1)[0] ?? '';
}

/** Who writes; a repeated call writes nothing more. */
export function optionsOf({ actor, stepId, idempotencyKey }: ToolContext): RevisionOptions {
  return { actor, stepId, key: idempotencyKey };
}

/** The argument `path`. Throws `file.bad_path`. */
export function pathOf(args: JsonObject): string {
  return checkFilePath(textOf(args, 'path'));
}

/** An integer among the arguments, if it was given. */
export function numberOf(args: JsonObject, name: string): number | undefined {
  const value = args[name];
  return typeof value === 'number' ? value : undefined;
}

/** On what condition a call writes. */
export function guardOf(args: JsonObject) {
  const expectedVersion = numberOf(args, 'expectedVersion');
  const fencingToken = numberOf(args, 'fencingToken');
  return {
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(fencingToken === undefined ? {} : { fencingToken }),
  };
}

/** A file that stands there, or stood at that version. Throws `file.not_found`, `file.bad_path`. */
export async function findFile(
  files: FileStore,
  space: SpaceRef,
  at: { readonly path: string; readonly version?: number | undefined },
): Promise<FileVersion & { readonly sha256: string }> {
  const { path, version } = at;
  const file = await files.stat(space, path, version);
  const { sha256 } = refuseLink(file);
  if (sha256 !== null) return { ...file, sha256 };
  const what = file.deleted ? 'there is no file' : 'it is a folder:';
  throw new AppError('file.not_found', `${what} ${path}`);
}

/** What stands there; null if nothing does. Throws `file.bad_path` for a link: none is followed. */
export async function findHead(
  files: FileStore,
  space: SpaceRef,
  path: string,
): Promise<FileVersion | null> {
  try {
    return refuseLink(await files.stat(space, path));
  } catch (error) {
    if (error instanceof AppError && error.code === 'file.not_found') return null;
    throw error;
  }
}

/** The bytes as text; null if they are none. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function refuseLink(file: FileVersion): FileVersion {
  if (file.kind !== 'link' || file.deleted) return file;
  const message = `${file.path} is a link to ${file.target ?? ''}, and links are not followed`;
  throw new AppError('file.bad_path', message);
}
