import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const USUAL = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];

/** The Node of this machine, which may be older than ours; ours where there is no other. */
export function plainNode(): string {
  const folders = [...USUAL, ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file));
  return found ?? process.execPath;
}
