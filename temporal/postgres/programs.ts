import { chmodSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { withDraftFolder } from '../server/binary-cache.ts';
import { buildWithGo } from '../server/go-build.ts';

/** Temporal's own server and its schema tool, which only Go can give us. */
export interface ServerPrograms {
  readonly server: string;
  readonly sqlTool: string;
}

/** The programs from the cache, built with Go the first time. */
export async function ensureServerPrograms(
  cacheDir: string,
  log: (line: string) => void,
): Promise<ServerPrograms> {
  const server = await ensureProgram('server', cacheDir, log);
  return { server, sqlTool: await ensureProgram('sql', cacheDir, log) };
}

async function ensureProgram(
  name: 'server' | 'sql',
  cacheDir: string,
  log: (line: string) => void,
): Promise<string> {
  const path = join(cacheDir, name);
  if (existsSync(path)) return path;
  await withDraftFolder(cacheDir, async (folder) => {
    const draft = await buildWithGo(name, folder, log);
    chmodSync(draft, 0o755);
    renameSync(draft, path);
  });
  return path;
}
