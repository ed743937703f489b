import { ConfigError, toConfig, toSecrets } from '../runtime/config.ts';
import type { Config, Secrets } from '../runtime/config.ts';
import { readEnv } from '../runtime/env.ts';
import { flushCompileCache } from 'node:module';
import { quietCore } from '../workers/agents-worker.ts';
import type { Env } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { AppError } from '../contracts/app-error.ts';
import { bannerLines } from './banner.ts';
import { openDemoStage, runDemo, withDemoTools } from './demo.ts';
import { ensureFirstKey } from './first-key.ts';
import { startHoldfast } from './holdfast-process.ts';
import { keepHoldfast } from './keep-holdfast.ts';
import type { KeptHoldfast } from './keep-holdfast.ts';
import { acquireLock, livingHolder } from './lock-file.ts';
import { USAGE, parseStartOptions } from './options.ts';
import type { StartOptions } from './options.ts';
import { outliveReaders } from './outlive-readers.ts';
import { choosePort } from './ports.ts';
import { provideServers } from './servers.ts';
import type { Servers } from './servers.ts';
import { createShutdown } from './shutdown.ts';
import type { Shutdown } from './shutdown.ts';
import { handleSignals } from './signals.ts';
import { keptSecret, noteRunning, openStateFolder, readRunning } from './state-folder.ts';
import type { StateFolder } from './state-folder.ts';

/** Everything that the stages of a start share. */
interface Start {
  readonly options: StartOptions;
  readonly env: Env;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly folder: StateFolder;
  readonly shutdown: Shutdown;
}

const SETTLE_MS = 5_000;
const DEFAULT_METRICS_PORT = 7_464;

function print(text: string): void {
  process.stdout.write(text);
}

function say(line: string): void {
  print(`${line}\n`);
}

async function main(): Promise<void> {
  outliveReaders([process.stdout, process.stderr]);
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    say(USAGE);
    return;
  }
  const env = readEnv();
  const [config, secrets] = [toConfig(env), toSecrets(env)];
  const folder = openStateFolder(env.HOLDFAST_HOME);
  const shutdown = createShutdown(say);
  quietCore((line) => process.stderr.write(`${line}\n`));
  const started = start({ options, env, config, secrets, folder, shutdown });
  process.on('uncaughtException', (error) => {
    process.stderr.write(`Unexpected: ${error.stack ?? error.message}\n`);
    void shutdown.run().finally(() => process.exit(1));
  });
  handleSignals({
    onStop: (signal) => {
      say(`${signal}: stopping; once more to kill everything at once`);
      void stopInOrder(started, shutdown);
    },
    onInsist: () => void shutdown.kill().finally(() => process.exit(130)),
  });
  try {
    await started;
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** A stage that is under way gets a moment to finish, so that what it starts is stopped too. */
async function stopInOrder(started: Promise<void>, shutdown: Shutdown): Promise<void> {
  const settled = started.catch(() => undefined);
  await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, SETTLE_MS))]);
  await shutdown.run();
  say('Stopped.');
  process.exit(0);
}

async function start(context: Start): Promise<void> {
  const { folder, shutdown, options } = context;
  const joined = joinedServers(context);
  const servers = joined ?? (await ownServers(context));
  const stage = options.demo ? await openDemoStage(shutdown) : null;
  // A worker that joins executes steps of the demo agents too.
  const takesPart = stage !== null || joined !== undefined;
  const config = takesPart ? withDemoTools(context.config, stage) : context.config;
  const { kept, apiKey } = await serve({ ...context, config }, servers);
  const { apiUrl } = kept.first;
  const model = context.config.model.default;
  // The log of a part that runs alone is collected by others; keys stay out of it.
  const shownKey =
    options.roles.length > 1 || apiKey === null ? apiKey : `in ${folder.path}/api-key`;
  const lines = bannerLines({
    apiUrl,
    apiKey: shownKey,
    temporalUiUrl: servers.temporalUiUrl,
    roles: options.roles,
    statePath: folder.path,
    memory: kept.first.installation.liveMemory.summary,
    model: model === null ? 'scripted, offline' : `${model.provider} ${model.name}`,
  });
  for (const line of lines) say(line);
  // Kept for the next process now: one that is killed would not do it when it ends.
  flushCompileCache();
  if (stage === null || apiUrl === null || apiKey === null) return;
  const stopDemo = new AbortController();
  shutdown.add('Demo', async () => stopDemo.abort());
  const hasInputs = context.config.tools.inputsRoot === null;
  const { pagesUrl } = stage;
  const { signal } = stopDemo;
  void runDemo({ apiUrl, apiKey, pagesUrl, hasInputs, signal, write: print });
}

/** A part started alone uses the servers of the installation that runs from the same folder. */
function joinedServers({ options, folder }: Start): Servers | undefined {
  const running = readRunning(folder);
  if (running === undefined) return undefined;
  if (options.roles.length > 1) {
    const where = running.apiUrl === null ? '' : ` at ${running.apiUrl}`;
    const sentence = `Holdfast runs from ${folder.path} already: process ${running.pid}${where}. Stop it, or set HOLDFAST_HOME to another folder.`;
    throw new AppError('service.unavailable', sentence);
  }
  say(`Joining the installation of process ${running.pid}`);
  return running;
}

async function ownServers(context: Start): Promise<Servers> {
  const { env, options, folder, config, secrets, shutdown } = context;
  const allGiven = env.DATABASE_URL !== undefined && env.TEMPORAL_ADDRESS !== undefined;
  if (options.roles.length > 1 || !allGiven) {
    const holder = livingHolder(folder.lockFile);
    if (holder !== undefined) {
      const sentence = `Holdfast is starting or stopping in ${folder.path} as process ${holder.pid}; wait for it or stop it.`;
      throw new AppError('service.unavailable', sentence);
    }
    const lock = acquireLock(folder.lockFile, `The state folder ${folder.path}`);
    shutdown.add('Lock', async () => {
      noteRunning(folder, null);
      lock.release();
    });
  }
  const temporal = {
    namespace: config.temporal.namespace,
    ...(config.temporal.tls ? { tls: true } : {}),
    ...(secrets.temporalApiKey === null ? {} : { apiKey: secrets.temporalApiKey }),
  };
  return provideServers({ env, folder, temporal, shutdown, log: say });
}

interface Served {
  readonly kept: KeptHoldfast;
  readonly apiKey: string | null;
}

async function serve(context: Start, servers: Servers): Promise<Served> {
  const { config, secrets, folder, shutdown, options } = context;
  const { databaseUrl, temporalAddress } = servers;
  const log = createLogger(config.logLevel, 'holdfast');
  const port = options.roles.includes('api') ? await apiPort(context) : config.http.port;
  const keyPepper = secrets.keyPepper ?? keptSecret(folder, 'key-pepper');
  const metrics = { ...config.metrics, port: await metricsPort(context) };
  const settings = {
    ...{ secrets, keyPepper },
    config: { ...config, metrics, http: { ...config.http, port } },
  };
  const place = { databaseUrl, temporalAddress, cacheDir: folder.cache, roles: options.roles, log };
  const kept = await keepHoldfast(() => startHoldfast({ ...settings, ...place }), say);
  shutdown.add('Holdfast', () => kept.stop());
  const { apiUrl, installation } = kept.first;
  if (options.roles.length > 1) {
    noteRunning(folder, { ...servers, apiUrl, pid: process.pid });
  }
  const database = context.env.DATABASE_URL === undefined ? 'ours' : 'given';
  if (options.roles.includes('worker')) say('The worker is ready.');
  if (apiUrl === null) return { kept, apiKey: null };
  return { kept, apiKey: await ensureFirstKey(installation, folder, database) };
}

async function apiPort({ options, env, config, folder }: Start): Promise<number> {
  const explicit = options.port !== null || env.HOLDFAST_PORT !== undefined;
  const wanted = options.port ?? config.http.port;
  return choosePort({ name: 'API', wanted, explicit, file: folder.portsFile, log: say });
}

/** Processes that serve alone are watched where their operator says. */
async function metricsPort({ options, config, folder }: Start): Promise<number | null> {
  const { port } = config.metrics;
  if (port !== null || options.roles.length === 1) return port;
  const wanted = DEFAULT_METRICS_PORT;
  return choosePort({ name: 'Metrics', wanted, file: folder.portsFile, log: say });
}

function isExpected(error: unknown): error is Error {
  return error instanceof AppError || error instanceof ConfigError;
}

main().catch((error: unknown) => {
  process.stderr.write(
    `\n${isExpected(error) ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exit(1);
});
