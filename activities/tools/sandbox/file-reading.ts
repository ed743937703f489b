import { AppError } from '../../../contracts/app-error.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { cutBytes, cutLines } from './file-cut.ts';
import { textOf } from '../built-in/text-argument.ts';
import {
  decodeUtf8,
  FILE_TOOL,
  findFile,
  numberOf,
  parametersOf,
  PATH,
  pathOf,
  spaceOf,
  VERSION,
} from './file-context.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { Tool } from '../tool.ts';

const LISTED = LIMITS.pageSize;
const FOUND = 100;
const MAX_PATTERN_CHARS = 1_000;
const MAX_CURSOR_CHARS = 2_000;
const READING = { ...FILE_TOOL, effect: 'pure' } as const;

/** Tools that read a run's files. */
export function createReadingTools(files: FileStore): readonly Tool[] {
  return [readFileTool(files), listFilesTool(files), searchFilesTool(files)];
}

function readFileTool(files: FileStore): Tool {
  return {
    ...READING,
    name: 'read_file',
    description:
      'Reads a file: text exactly as it stands, or bytes as base64 if it is no text. Long files ' +
      'come in pieces: read on with fromLine, or with offset.',
    parameters: parametersOf(
      {
        path: PATH,
        version: { ...VERSION, description: 'The last one by default' },
        fromLine: { type: 'integer', minimum: 1, description: 'Of text; 1 by default' },
        lines: { type: 'integer', minimum: 1, description: 'How many; all that fit by default' },
        encoding: { type: 'string', enum: ['text', 'base64'] },
        offset: { type: 'integer', minimum: 0, description: 'Of bytes; 0 by default' },
      },
      ['path'],
    ),
    execute: async (args, context) => {
      const space = spaceOf(context);
      const at = { path: pathOf(args), version: numberOf(args, 'version') };
      const { path, version, sha256 } = await findFile(files, space, at);
      const bytes = await files.content(space.workspaceId, sha256);
      const text = args['encoding'] === 'base64' ? null : decodeUtf8(bytes);
      if (text === null && args['encoding'] === 'text') {
        throw new AppError('tool.refused', `${path} is no text; read it with encoding base64`);
      }
      const piece =
        text === null
          ? cutBytes(bytes, numberOf(args, 'offset') ?? 0)
          : cutLines(text, {
              from: numberOf(args, 'fromLine') ?? 1,
              count: numberOf(args, 'lines'),
            });
      return { path, version, ...piece };
    },
  };
}

function listFilesTool(files: FileStore): Tool {
  return {
    ...READING,
    name: 'list_files',
    description: 'Lists the files of a folder and of those below it, by path.',
    parameters: parametersOf({
      folder: { ...PATH, description: 'All files by default' },
      cursor: { type: 'string', maxLength: MAX_CURSOR_CHARS, description: 'nextCursor of a list' },
    }),
    execute: async (args, context) => {
      const folder = textOf(args, 'folder').replace(/\/+$/, '');
      const cursor = textOf(args, 'cursor');
      const prefix = folder === '' || folder === '.' ? '' : `${pathOf({ path: folder })}/`;
      const page = { limit: LISTED, ...(cursor === '' ? {} : { cursor }) };
      const { items, nextCursor } = await files.list(spaceOf(context), { prefix }, page);
      return {
        files: items.map(({ path, kind, version, sizeBytes, target }) => ({
          path,
          ...(kind === 'file' ? { version, sizeBytes } : { kind }),
          ...(target === null ? {} : { target }),
        })),
        ...(nextCursor === null ? {} : { nextCursor }),
      };
    },
  };
}

function searchFilesTool(files: FileStore): Tool {
  return {
    ...READING,
    name: 'search_files',
    description: 'Finds lines of files that hold a text or match a regular expression.',
    parameters: parametersOf(
      {
        pattern: { type: 'string', minLength: 1, maxLength: MAX_PATTERN_CHARS },
        regex: { type: 'boolean', description: 'The pattern is a regular expression (RE2)' },
        glob: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_PATTERN_CHARS,
          description: 'Which files, as in **/*.py',
        },
      },
      ['pattern'],
    ),
    // Searches in many files.
    light: false,
    execute: async (args, context) => {
      const glob = textOf(args, 'glob');
      const { matches, skipped, truncated } = await files.search(spaceOf(context), {
        pattern: textOf(args, 'pattern'),
        syntax: args['regex'] === true ? 'regex' : 'text',
        ...(glob === '' ? {} : { glob }),
      });
      return {
        matches: matches.slice(0, FOUND).map(({ path, line, text }) => ({ path, line, text })),
        ...(truncated || matches.length > FOUND ? { truncated: true } : {}),
        ...(skipped.length === 0 ? {} : { notSearched: skipped.slice(0, FOUND).map(toJson) }),
      };
    },
  };
}

function toJson({ path, reason }: { readonly path: string; readonly reason: string }) {
  return { path, reason };
}
