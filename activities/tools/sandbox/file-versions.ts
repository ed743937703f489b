import { LIMITS } from '../../../contracts/limits.ts';
import { textOf } from '../built-in/text-argument.ts';
import {
  agentOf,
  FILE_TOOL,
  GUARDS,
  guardOf,
  numberOf,
  optionsOf,
  parametersOf,
  PATH,
  pathOf,
  spaceOf,
  VERSION,
} from './file-context.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { Tool } from '../tool.ts';

const SHOWN_VERSIONS = 50;
const MAX_CURSOR_CHARS = 2_000;

/** Tools for the versions of a run's files. */
export function createVersionTools(files: FileStore): readonly Tool[] {
  return [historyTool(files), diffTool(files), rollbackTool(files)];
}

function historyTool(files: FileStore): Tool {
  return {
    ...FILE_TOOL,
    name: 'file_history',
    description: 'Lists the versions of a file, newest first: when and by whom each was written.',
    parameters: parametersOf(
      { path: PATH, cursor: { type: 'string', maxLength: MAX_CURSOR_CHARS } },
      ['path'],
    ),
    effect: 'pure',
    execute: async (args, context) => {
      const path = pathOf(args);
      const cursor = textOf(args, 'cursor');
      const page = { limit: SHOWN_VERSIONS, ...(cursor === '' ? {} : { cursor }) };
      const { items, nextCursor } = await files.history(spaceOf(context), path, page);
      return {
        path,
        versions: items.map(({ version, at, actor, stepId, note, sizeBytes, deleted }) => ({
          version,
          at,
          by: stepId === null ? actor : agentOf(stepId),
          ...(note === '' ? {} : { note }),
          ...(deleted ? { removed: true } : { sizeBytes }),
        })),
        ...(nextCursor === null ? {} : { nextCursor }),
      };
    },
  };
}

function diffTool(files: FileStore): Tool {
  return {
    ...FILE_TOOL,
    name: 'file_diff',
    description: 'Shows how two versions of a file differ, as a unified diff.',
    parameters: parametersOf(
      {
        path: PATH,
        from: { ...VERSION, description: 'The one before `to` by default' },
        to: { ...VERSION, description: 'The last one by default' },
      },
      ['path'],
    ),
    effect: 'pure',
    execute: async (args, context) => {
      const space = spaceOf(context);
      const path = pathOf(args);
      const to = numberOf(args, 'to') ?? (await files.stat(space, path)).version;
      const from = numberOf(args, 'from') ?? Math.max(to - 1, 1);
      const { kind, diff } = await files.diff(space, { path, from, to });
      const shown = diff.slice(0, LIMITS.fileReadBytes).toWellFormed();
      return {
        ...{ path, from, to },
        ...(kind === 'text' ? { diff: shown } : { notCompared: kind }),
        ...(shown.length < diff.length ? { truncated: true } : {}),
      };
    },
  };
}

function rollbackTool(files: FileStore): Tool {
  return {
    ...FILE_TOOL,
    name: 'file_rollback',
    description:
      'Makes a file what it was at a version, as a new version; a removed file comes back.',
    parameters: parametersOf({ path: PATH, version: VERSION, ...GUARDS }, ['path', 'version']),
    effect: 'keyed',
    execute: async (args, context) => {
      const target = { path: pathOf(args), version: numberOf(args, 'version') ?? 0 };
      const { versions } = await files.rollback(
        spaceOf(context),
        { ...target, ...guardOf(args) },
        optionsOf(context),
      );
      return { path: target.path, version: versions[0]?.version ?? null, like: target.version };
    },
  };
}
