import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '../../client/index.ts';
import { createLogger } from '../../runtime/logger.ts';
import { startHoldfast, type RunningHoldfast } from '../../start/holdfast-process.ts';
import { toConfig, toSecrets } from '../../runtime/config.ts';
import { freshSchema, type TestSchema } from './postgres.ts';
import { startProcess, type TestProcess } from './processes.ts';

const PEPPER = 'a-pepper-for-tests-that-is-long-enough';
const API_READY = /http:\/\/127\.0\.0\.1:\d+/;

/** What a test file runs against: a schema of its own, a task queue of its own, one workspace. */
export interface Stack {
  readonly client: Client;
  readonly url: string;
  readonly apiKey: string;
  readonly workspaceId: string;
  readonly schema: TestSchema;
  readonly holdfast: RunningHoldfast;
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

let stacks = 0;

/** The environment of processes that share a test's installation. */
async function environment(schema: TestSchema, extra: Readonly<Record<string, string>>) {
  stacks += 1;
  const home = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  // Its path must be short, and the user of sandboxes passes through it.
  const sandboxes = await mkdtemp(join(tmpdir(), 'hfs-'));
  await chmod(sandboxes, 0o711);
  const env = {
    DATABASE_URL: schema.connectionString,
    TEMPORAL_ADDRESS: process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] ?? '',
    TEMPORAL_NAMESPACE: process.env['HOLDFAST_TEST_TEMPORAL_NAMESPACE'] ?? 'default',
    HOLDFAST_TASK_QUEUE: `test-${process.pid}-${Date.now()}-${stacks}`,
    HOLDFAST_KEY_PEPPER: PEPPER,
    HOLDFAST_HOME: home,
    HOLDFAST_SANDBOX_FOLDER: sandboxes,
    // What `auto` would find by starting one.
    HOLDFAST_SANDBOX_TRANSPORT: 'socket',
    HOLDFAST_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'warn',
    HOLDFAST_CACHE_DIR: join(tmpdir(), 'holdfast-test-cache'),
    // A schedule would outlive its task queue.
    HOLDFAST_MEMORY_SWEEP_S: '0',
    NODE_ENV: 'test',
    ...extra,
  };
  return { env, sandboxes };
}

/** Starts API and worker in this process. */
export async function startStack(extra: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const schema = await freshSchema();
  const { env, sandboxes } = await environment(schema, extra);
  const config = toConfig(env);
  const holdfast = await startHoldfast({
    config,
    secrets: toSecrets(env),
    databaseUrl: env.DATABASE_URL,
    temporalAddress: env.TEMPORAL_ADDRESS,
    keyPepper: PEPPER,
    roles: ['api', 'worker'],
    cacheDir: env.HOLDFAST_CACHE_DIR,
    log: createLogger(config.logLevel, 'test'),
  });
  const { workspaceId, apiKey } = await seedWorkspace(holdfast);
  const url = holdfast.apiUrl ?? '';
  return {
    client: createClient({ baseUrl: url, apiKey }),
    url,
    apiKey,
    workspaceId,
    schema,
    holdfast,
    env,
    stop: async () => {
      await holdfast.stop();
      await rm(sandboxes, { recursive: true, force: true });
      await schema.drop();
    },
  };
}

async function seedWorkspace(holdfast: RunningHoldfast) {
  const workspace = await holdfast.installation.workspaces.create({ name: 'test' });
  const { key } = await holdfast.installation.apiKeys.create(workspace.id, {
    name: 'test',
    role: 'admin',
  });
  return { workspaceId: workspace.id, apiKey: key };
}

/** API and worker as processes of their own, to be killed. */
export interface SplitStack {
  readonly env: Readonly<Record<string, string>>;
  readonly schema: TestSchema;
  readonly apiKey: string;
  readonly workspaceId: string;
  startApi(
    extra?: Readonly<Record<string, string>>,
  ): Promise<{ process: TestProcess; url: string }>;
  startWorker(extra?: Readonly<Record<string, string>>): Promise<TestProcess>;
  client(url: string): Client;
  stop(): Promise<void>;
}

/** Prepares an installation whose processes the test starts and kills. */
export async function splitStack(
  extra: Readonly<Record<string, string>> = {},
): Promise<SplitStack> {
  const schema = await freshSchema();
  const { env, sandboxes } = await environment(schema, extra);
  const started: TestProcess[] = [];
  const config = toConfig(env);
  const seeding = await startHoldfast({
    config,
    secrets: toSecrets(env),
    databaseUrl: env.DATABASE_URL,
    temporalAddress: env.TEMPORAL_ADDRESS,
    keyPepper: PEPPER,
    roles: [],
    cacheDir: env.HOLDFAST_CACHE_DIR,
    log: createLogger('warn', 'test'),
  });
  const seeded = await seedWorkspace(seeding);
  await seeding.stop();
  const launch = async <T>(
    role: string,
    more: Readonly<Record<string, string>>,
    ready: (line: string) => T | null,
  ) => {
    const running = await startProcess({
      file: 'start/main.ts',
      args: ['--only', role],
      env: { ...env, ...more },
      ready,
    });
    started.push(running.process);
    return running;
  };
  return {
    env,
    schema,
    ...seeded,
    startApi: async (more = {}) => {
      const running = await launch('api', more, (line) => API_READY.exec(line)?.[0] ?? null);
      return { process: running.process, url: running.value };
    },
    startWorker: async (more = {}) =>
      (await launch('worker', more, (line) => (line.includes('worker is ready') ? true : null)))
        .process,
    client: (url) => createClient({ baseUrl: url, apiKey: seeded.apiKey }),
    stop: async () => {
      await Promise.all(started.map((item) => item.kill()));
      await rm(sandboxes, { recursive: true, force: true });
      await schema.drop();
    },
  };
}
