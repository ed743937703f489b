import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { AppError } from '../../../contracts/app-error.ts';
import type { Json } from '../../../contracts/json.ts';
import { textOf } from './text-argument.ts';
import type { Tool } from '../tool.ts';

const TIMEOUT_MS = 10_000;
const MIB = 1024 * 1024;
const MAX_FOLDER_CHARS = 500;

/** Ceilings of one reading. */
export const READ_FOLDER_LIMITS = { files: 500, fileBytes: 2 * MIB, totalBytes: 16 * MIB } as const;

function refuse(message: string): never {
  throw new AppError('tool.refused', message);
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep));
}

/** The folder's real path. Links are resolved before the check: one may lead out of the root. */
async function locate(root: string, folder: string): Promise<string> {
  if (folder.includes('\0')) refuse('a folder name holds no NUL');
  const realRoot = await realpath(root);
  const wanted = resolve(realRoot, folder);
  if (!isInside(realRoot, wanted)) refuse(`folder ${folder} is outside of the inputs`);
  const real = await realpath(wanted).catch(() => refuse(`there is no folder ${folder}`));
  if (!isInside(realRoot, real)) refuse(`folder ${folder} is outside of the inputs`);
  if (!(await lstat(real)).isDirectory()) refuse(`${folder} is not a folder`);
  return real;
}

/** The file's text, or null when it is not UTF-8 text. */
async function readText(path: string): Promise<{ text: string | null; sizeBytes: number }> {
  // A link swapped in after the listing fails to open instead of being followed.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    if (size > READ_FOLDER_LIMITS.fileBytes) refuse(`file of ${size} bytes is too large`);
    const bytes = await file.readFile();
    return { text: decode(bytes), sizeBytes: bytes.length };
  } finally {
    await file.close();
  }
}

function decode(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Names and texts of a folder's text files, by name. Skips hidden, linked and binary files. */
export async function readFolder(root: string, folder: string): Promise<Json> {
  const path = await locate(root, folder);
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort((a, b) => (a < b ? -1 : 1));
  if (names.length > READ_FOLDER_LIMITS.files) {
    refuse(`folder ${folder} has more than ${READ_FOLDER_LIMITS.files} files`);
  }
  const files: { readonly name: string; readonly text: string }[] = [];
  let totalBytes = 0;
  for (const name of names) {
    const { text, sizeBytes } = await readText(join(path, name));
    totalBytes += sizeBytes;
    if (totalBytes > READ_FOLDER_LIMITS.totalBytes) refuse(`folder ${folder} is too large`);
    if (text !== null) files.push({ name, text });
  }
  return files;
}

/** A tool that reads the text files of one folder below `root`. */
export function createReadFolderTool(root: string): Tool {
  return {
    name: 'read_folder',
    description: 'Reads the text files of a folder of the inputs: a list of {name, text}.',
    parameters: {
      type: 'object',
      properties: {
        folder: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_FOLDER_CHARS,
          description: 'Path below the inputs; "." is all of them',
        },
      },
      required: ['folder'],
      additionalProperties: false,
    },
    effect: 'pure',
    timeoutMs: TIMEOUT_MS,
    light: true,
    execute: (args) => readFolder(root, textOf(args, 'folder')),
  };
}
