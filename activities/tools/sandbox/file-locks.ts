import { LIMITS } from '../../../contracts/limits.ts';
import {
  agentOf,
  FILE_TOOL,
  numberOf,
  parametersOf,
  PATH,
  pathOf,
  spaceOf,
} from './file-context.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { Tool } from '../tool.ts';

const DEFAULT_SECONDS = 300;
const LOCKING = { ...FILE_TOOL, effect: 'idempotent' } as const;

/** Tools with which agents that share files take turns. */
export function createLockTools(files: FileStore): readonly Tool[] {
  return [lockTool(files), unlockTool(files)];
}

function lockTool(files: FileStore): Tool {
  return {
    ...LOCKING,
    name: 'lock_file',
    description:
      'Keeps other agents from writing a file for a while. Give the token with each write of it: a ' +
      'write with a token that was overtaken is refused. Locking it again prolongs the lock.',
    parameters: parametersOf(
      {
        path: PATH,
        seconds: {
          type: 'integer',
          minimum: 1,
          maximum: LIMITS.fileLockMs / 1_000,
          description: `${DEFAULT_SECONDS} by default`,
        },
      },
      ['path'],
    ),
    execute: async (args, context) => {
      const path = pathOf(args);
      const { token, expiresAt } = await files.lock(spaceOf(context), {
        path,
        holder: `${context.actor} ${agentOf(context.stepId)}`,
        ttlMs: (numberOf(args, 'seconds') ?? DEFAULT_SECONDS) * 1_000,
      });
      return { path, fencingToken: token, expiresAt };
    },
  };
}

function unlockTool(files: FileStore): Tool {
  return {
    ...LOCKING,
    name: 'unlock_file',
    description: 'Gives a lock back.',
    parameters: parametersOf({ path: PATH, fencingToken: { type: 'integer', minimum: 1 } }, [
      'path',
      'fencingToken',
    ]),
    execute: async (args, context) => {
      const path = pathOf(args);
      const token = numberOf(args, 'fencingToken') ?? 0;
      const wasHeld = await files.unlock(spaceOf(context), { path, token });
      return { path, wasHeld };
    },
  };
}
