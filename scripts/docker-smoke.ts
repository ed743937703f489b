/**
 * Proves that the image works: builds it, runs an API and a worker from it against a PostgreSQL and
 * a Temporal of their own on loopback, and lets an agent succeed.
 *   npm run docker-smoke [-- --base IMAGE]     IMAGE as the Dockerfile describes; made if it is missing
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createClient } from '../client/index.ts';
import { startTestPostgres } from '../tests/harness/postgres-server.ts';
import { startTestTemporal } from '../tests/harness/temporal.ts';
import { until } from '../tests/harness/until.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGE = 'holdfast:smoke';
const OFFICIAL_BASE = 'node:24-bookworm-slim';
const LOCAL_BASE = 'holdfast-base:local';
/** As in docker-compose.yml. */
const HARDENING = [
  ...['--init', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
  ...['--security-opt', 'no-new-privileges:true'],
];
const HEALTH = 'node --disable-warning=ExperimentalWarning scripts/container-health.ts';
const PLACEHOLDER_SECRETS = {
  POSTGRES_PASSWORD: 'x',
  HOLDFAST_POSTGRES_PASSWORD: 'x',
  TEMPORAL_POSTGRES_PASSWORD: 'x',
  HOLDFAST_KEY_PEPPER: 'x',
  NEO4J_PASSWORD: 'x',
  QDRANT_API_KEY: 'x',
};

const execute = promisify(execFile);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(command: string, args: readonly string[], env = {}): Promise<string> {
  const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } };
  const { stdout } = await execute(command, [...args], options);
  return stdout.trim();
}

const docker = (...args: readonly string[]): Promise<string> => run('docker', args);

async function logsOf(id: string): Promise<string> {
  const { stdout, stderr } = await execute('docker', ['logs', id]);
  return stdout + stderr;
}

async function works(command: string, ...args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
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

/** The first of them that exists here or can be pulled, else one made from Debian's archive. */
async function chooseBase(wanted: string | undefined): Promise<string> {
  const candidates = wanted === undefined ? [OFFICIAL_BASE, LOCAL_BASE] : [wanted];
  for (const name of candidates) if (await works('docker', 'image', 'inspect', name)) return name;
  const [first = OFFICIAL_BASE] = candidates;
  if (await works('docker', 'pull', '--quiet', first)) return first;
  if (wanted !== undefined) throw new Error(`The base image ${wanted} is neither here nor pulled.`);
  if (!(await works('mmdebstrap', '--version'))) {
    throw new Error(
      `${first} cannot be pulled, and mmdebstrap, which could replace it, is missing.`,
    );
  }
  say(`${first} cannot be pulled; making ${LOCAL_BASE} from Debian's archive`);
  return run('docker/make-base.sh', [LOCAL_BASE]);
}

async function checkCompose(): Promise<void> {
  const args = ['-f', 'docker-compose.yml', 'config', '--quiet'];
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['docker', ['compose']],
    ['docker-compose', []],
  ];
  for (const [command, prefix] of commands) {
    if (!(await works(command, ...prefix, 'version'))) continue;
    await run(command, [...prefix, ...args], PLACEHOLDER_SECRETS);
    say('docker-compose.yml: parses');
    return;
  }
  say('docker-compose.yml: NOT checked, since Docker Compose is missing');
}

interface Container {
  readonly role: 'api' | 'worker';
  readonly id: string;
}

async function startContainer(
  role: Container['role'],
  env: Readonly<Record<string, string>>,
): Promise<Container> {
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const health = ['--health-cmd', `${HEALTH} ${role}`, '--health-interval', '3s'];
  const id = await docker(
    ...['run', '--detach', '--network', 'host', ...HARDENING, ...health, ...variables],
    ...[IMAGE, '--only', role],
  );
  return { role, id };
}

async function waitUntilHealthy({ role, id }: Container): Promise<void> {
  const format = '{{.State.Status}} {{.State.Health.Status}}';
  await until(
    `a healthy ${role}`,
    async () => {
      const state = await docker('inspect', '--format', format, id);
      if (state.startsWith('exited')) throw new Error(`the ${role} ended`);
      return state.endsWith(' healthy');
    },
    120_000,
  );
  const user = await docker('exec', id, 'id', '-u');
  if (user === '0') throw new Error(`the ${role} runs as root`);
  say(`${role}: healthy, as user ${user}, on a read-only file system without capabilities`);
}

async function runAgent(url: string, apiKey: string): Promise<void> {
  const client = createClient({ baseUrl: url, apiKey });
  await client.agents.create({
    name: 'smoke',
    spec: {
      input: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      graph: {
        channels: { text: { reducer: 'replace' } },
        nodes: [
          {
            id: 'write',
            type: 'model',
            config: {
              model: { provider: 'default', script: [{ say: 'Dear {{ last }}, welcome.' }] },
              instructions: 'You write one friendly sentence.',
              prompt: '{{ input.name }}',
              save: 'text',
            },
          },
          { id: 'done', type: 'end', config: { value: 'state.text' } },
        ],
        edges: [{ type: 'normal', from: 'write', to: 'done' }],
      },
    },
  });
  const started = await client.runs.create({ agent: 'smoke', input: { name: 'Ada' } });
  const types: string[] = [];
  for await (const event of client.runs.stream(started.id)) types.push(event.type);
  const { status, output } = await client.runs.get(started.id);
  say(`run ${started.id}: ${status}, output ${JSON.stringify(output)}`);
  if (status !== 'succeeded') throw new Error(`the run is ${status}: ${types.join(', ')}`);
}

async function stopContainer({ role, id }: Container): Promise<void> {
  await docker('stop', '--time', '45', id);
  const code = await docker('inspect', '--format', '{{.State.ExitCode}}', id);
  if (code !== '0') throw new Error(`the ${role} answered SIGTERM with exit code ${code}`);
  say(`${role}: stopped in order on SIGTERM`);
}

async function smoke(closing: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({ options: { base: { type: 'string' } } });
  await checkCompose();
  const base = await chooseBase(values.base);
  say(`building from ${base}`);
  await docker(
    'build',
    '--quiet',
    '--network',
    'host',
    '--build-arg',
    `BASE=${base}`,
    '-t',
    IMAGE,
    '.',
  );
  const postgres = await startTestPostgres();
  closing.defer(() => postgres.stop());
  const temporal = await startTestTemporal();
  closing.defer(() => temporal.stop());
  const port = await freePort();
  const env = {
    DATABASE_URL: postgres.connectionString,
    TEMPORAL_ADDRESS: temporal.address,
    HOLDFAST_KEY_PEPPER: randomBytes(32).toString('hex'),
    HOLDFAST_HOST: '127.0.0.1',
    HOLDFAST_PORT: String(port),
  };
  const containers: Container[] = [];
  closing.defer(async () => {
    for (const { id } of containers) await docker('rm', '--force', '--volumes', id);
  });
  try {
    for (const role of ['api', 'worker'] as const) containers.push(await startContainer(role, env));
    for (const container of containers) await waitUntilHealthy(container);
    const [api] = containers;
    const apiKey = await docker('exec', api?.id ?? '', 'cat', '/var/lib/holdfast/api-key');
    await runAgent(`http://127.0.0.1:${port}`, apiKey);
    for (const container of containers.toReversed()) await stopContainer(container);
  } catch (error) {
    for (const { role, id } of containers) say(`--- ${role}\n${await logsOf(id)}`);
    throw error;
  }
}

async function main(): Promise<number> {
  if (!(await works('docker', 'info'))) {
    say('This needs Docker: either it is not installed, or its daemon does not answer here.');
    return 1;
  }
  await using closing = new AsyncDisposableStack();
  try {
    await smoke(closing);
    say('The image works.');
    return 0;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

process.exitCode = await main();
