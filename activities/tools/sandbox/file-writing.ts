import { AppError } from '../../../contracts/app-error.ts';
import { HTTP_TIMEOUT_MS, MAX_URL_CHARS, guardedGet } from '../built-in/http/guarded-get.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { editText } from './file-edit.ts';
import { removeFiles } from './file-removal.ts';
import { textOf } from '../built-in/text-argument.ts';
import { toResult, writeFile } from './file-write.ts';
import {
  decodeUtf8,
  FILE_TOOL,
  findFile,
  GUARDS,
  guardOf,
  optionsOf,
  parametersOf,
  PATH,
  pathOf,
  spaceOf,
} from './file-context.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { GuardedGetConfig } from '../built-in/http/guarded-get.ts';
import type { Json, JsonObject, JsonSchema } from '../../../contracts/json.ts';
import type { Tool, ToolContext } from '../tool.ts';

const WRITING = { ...FILE_TOOL, effect: 'keyed' } as const;
/** Others may change the file so often between reading and writing it. */
const EDIT_TRIES = 10;

const OVERWRITE: JsonSchema = {
  type: 'boolean',
  description: 'Replaces what stands there, also if another agent wrote it',
};

/** Tools that write a run's files. */
export function createWritingTools(files: FileStore, http: GuardedGetConfig): readonly Tool[] {
  return [
    writeFileTool(files),
    editFileTool(files),
    removeFileTool(files),
    downloadTool(files, http),
  ];
}

function writeFileTool(files: FileStore): Tool {
  return {
    ...WRITING,
    name: 'write_file',
    description:
      'Makes a file, or replaces all of one. What another agent wrote is only replaced with ' +
      'expectedVersion or overwrite; to change a part of it, use edit_file.',
    parameters: parametersOf(
      {
        path: PATH,
        content: { type: 'string' },
        encoding: { type: 'string', enum: ['text', 'base64'], description: 'Of content' },
        overwrite: OVERWRITE,
        ...GUARDS,
      },
      ['path', 'content'],
    ),
    execute: (args, context) => writeFile(files, context, { args, bytes: contentOf(args) }),
  };
}

function contentOf(args: JsonObject): Buffer {
  const content = textOf(args, 'content');
  if (args['encoding'] !== 'base64') return Buffer.from(content);
  const bytes = Buffer.from(content, 'base64');
  const bare = (text: string): string => text.replace(/\s+|=+$/g, '');
  if (bare(bytes.toString('base64')) === bare(content)) return bytes;
  throw new AppError('tool.invalid_arguments', 'the content is not base64');
}

function editFileTool(files: FileStore): Tool {
  return {
    ...WRITING,
    name: 'edit_file',
    description:
      'Replaces a text in a file by another. The text must occur exactly once, as it stands in ' +
      'the file, white space included.',
    parameters: parametersOf(
      {
        path: PATH,
        find: { type: 'string', minLength: 1 },
        replace: { type: 'string' },
        all: { type: 'boolean', description: 'Replaces every occurrence' },
        ...GUARDS,
      },
      ['path', 'find', 'replace'],
    ),
    execute: async (args, context) => {
      try {
        return await edit(files, context, args);
      } catch (error) {
        // The edit of an earlier attempt is in the file: the text to be replaced is gone.
        const done = await files.written(spaceOf(context), context.idempotencyKey);
        if (done?.versions[0] === undefined) throw error;
        return toResult(done.versions[0]);
      }
    },
  };
}

async function edit(files: FileStore, context: ToolContext, args: JsonObject): Promise<Json> {
  const space = spaceOf(context);
  const path = pathOf(args);
  const { expectedVersion, ...guard } = { expectedVersion: undefined, ...guardOf(args) };
  const wanted = {
    path,
    find: textOf(args, 'find'),
    replace: textOf(args, 'replace'),
    all: args['all'] === true,
  };
  for (let tried = 1; ; tried += 1) {
    const old = await findFile(files, space, { path });
    const text = decodeUtf8(await files.content(space.workspaceId, old.sha256));
    if (text === null) throw new AppError('tool.refused', `${path} is no text`);
    const content = Buffer.from(editText(text, wanted));
    const seen = { expectedVersion: expectedVersion ?? old.version };
    try {
      const written = await files.write(
        space,
        { kind: 'file', path, content, mode: old.mode, ...seen, ...guard },
        optionsOf(context),
      );
      return toResult(written);
    } catch (error) {
      const isConflict = error instanceof AppError && error.code === 'file.conflict';
      if (!isConflict || expectedVersion !== undefined || tried === EDIT_TRIES) throw error;
      // Another's change is kept: the edit is made in what stands now.
      if ((await files.stat(space, path)).version === old.version) throw error;
    }
  }
}

function removeFileTool(files: FileStore): Tool {
  return {
    ...WRITING,
    name: 'remove_file',
    description: 'Removes a file, or a folder with all that is in it; versions are kept.',
    parameters: parametersOf({ path: PATH, ...GUARDS }, ['path']),
    execute: (args, context) => removeFiles(files, context, args),
  };
}

function downloadTool(files: FileStore, http: GuardedGetConfig): Tool {
  return {
    ...WRITING,
    name: 'download_file',
    description: 'Downloads a URL into a file.',
    parameters: parametersOf(
      {
        url: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_URL_CHARS,
          description: 'http or https',
        },
        path: PATH,
        overwrite: OVERWRITE,
        ...GUARDS,
      },
      ['url', 'path'],
    ),
    timeoutMs: 2 * (http.timeoutMs ?? HTTP_TIMEOUT_MS),
    light: false,
    execute: async (args, context) => {
      pathOf(args);
      const done = await files.written(spaceOf(context), context.idempotencyKey);
      if (done?.versions[0] !== undefined) return toResult(done.versions[0]);
      const { signal } = context;
      const wanted = {
        url: textOf(args, 'url'),
        accept: '*/*',
        maxBytes: LIMITS.fileBytes,
        signal,
      };
      const { bytes, ...about } = await guardedGet(wanted, http, async (answer) => {
        const { url, status, contentType } = answer;
        if (status < 200 || status > 299) throw badStatus(status);
        return { url: url.href, contentType, bytes: await answer.bytes() };
      });
      return { ...(await writeFile(files, context, { args, bytes })), ...about };
    },
  };
}

function badStatus(status: number): AppError {
  const mayPass = status === 429 || status >= 500;
  const message = `the server answered with status ${status}`;
  return new AppError(mayPass ? 'tool.failed' : 'tool.refused', message);
}
