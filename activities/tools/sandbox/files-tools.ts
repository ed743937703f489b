import { createLockTools } from './file-locks.ts';
import { createReadingTools } from './file-reading.ts';
import { createVersionTools } from './file-versions.ts';
import { createWritingTools } from './file-writing.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { GuardedGetConfig } from '../built-in/http/guarded-get.ts';
import type { Tool } from '../tool.ts';

/**
 * Tools for the files of a run, which all its agents and its sandboxes share; an agent gets all of
 * them by the name `files`. None needs a sandbox. `http`: what `download_file` may reach.
 */
export function createFileTools(files: FileStore, http: GuardedGetConfig): readonly Tool[] {
  return [
    ...createReadingTools(files),
    ...createWritingTools(files, http),
    ...createVersionTools(files),
    ...createLockTools(files),
  ];
}
