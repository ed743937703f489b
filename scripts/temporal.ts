/** Gets a Temporal binary and runs its dev server beside the state folder: install|start|status|stop. */
import { join } from 'node:path';
import { readEnv } from '../runtime/env.ts';
import { toConfig } from '../runtime/config.ts';
import { choosePort } from '../start/ports.ts';
import { openStateFolder, readRunning } from '../start/state-folder.ts';
import { startDevServer, stopOrphanDevServer } from '../temporal/server/dev-server.ts';
import { isSameProcess } from '../temporal/server/process-identity.ts';
import { resolveTemporal, temporalCacheDir } from '../temporal/server/resolve.ts';
import { readIdentity } from '../temporal/server/server-process.ts';

const USAGE = 'Usage: npm run temporal -- install|start|status|stop';
const PORT = 7233;
const UI_PORT = 8233;

const env = readEnv();
const folder = openStateFolder(env.HOLDFAST_HOME);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function install(): Promise<string> {
  const found = await resolveTemporal({
    searchPath: env.PATH,
    cacheDir: temporalCacheDir(env),
    log: say,
  });
  if (found.kind === 'address') throw new Error('unreachable: no address was given');
  return found.path;
}

/** The server runs on when this command ends; `stop` and a later `npm start` find it by its pid file. */
async function start(): Promise<void> {
  if (runningPid() !== undefined) {
    status();
    return;
  }
  const binary = await install();
  const file = join(folder.temporal, 'ports.json');
  const port = await choosePort({ name: 'Temporal', wanted: PORT, file, log: say });
  const uiPort = await choosePort({ name: 'Temporal UI', wanted: UI_PORT, file, log: say });
  const { namespace } = toConfig(env).temporal;
  const dbFile = join(folder.temporal, 'temporal.db');
  const stateDir = folder.temporal;
  const server = await startDevServer({
    binary,
    port,
    uiPort,
    dbFile,
    namespace,
    stateDir,
    log: say,
  });
  say(`Temporal runs at ${server.address}, UI at ${server.uiUrl ?? 'no address'}`);
}

function status(): void {
  const pid = runningPid();
  const owner = readRunning(folder);
  say(pid === undefined ? 'Temporal does not run here.' : `Temporal runs as process ${pid}.`);
  if (owner !== undefined) say(`Holdfast (process ${owner.pid}) uses ${owner.temporalAddress}.`);
}

async function stop(): Promise<void> {
  const owner = readRunning(folder);
  if (owner !== undefined) {
    throw new Error(`Holdfast (process ${owner.pid}) uses it; stop Holdfast instead.`);
  }
  say((await stopOrphanDevServer(folder.temporal)) ? 'Temporal stopped.' : 'Temporal did not run.');
}

function runningPid(): number | undefined {
  const identity = readIdentity(join(folder.temporal, 'temporal.pid'));
  return identity !== undefined && isSameProcess(identity) ? identity.pid : undefined;
}

const COMMANDS: Readonly<Record<string, () => unknown>> = { install, start, status, stop };

try {
  const command = COMMANDS[process.argv[2] ?? ''];
  if (command === undefined) throw new Error(USAGE);
  await command();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
