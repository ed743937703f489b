import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { plainNode } from './plain-node.ts';
import { startCuttingServer } from './cutting-server.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'holdfast-client-package-'));
const project = join(folder, 'project');
const installed = join(project, 'node_modules', '@holdfast', 'client');

/** npm without a network and without the settings of whoever runs the tests. */
const npmEnv = {
  ...process.env,
  npm_config_cache: join(folder, 'npm-cache'),
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  npm_config_userconfig: join(folder, 'npmrc'),
};

beforeAll(async () => {
  const built = join(folder, 'built');
  await run(process.execPath, ['scripts/build-client.ts', built]);
  await run('npm', ['pack', built, '--pack-destination', folder], { env: npmEnv, cwd: folder });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none';
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"caller","private":true,"type":"module"}');
  await run('npm', ['install', join(folder, tarball)], { env: npmEnv, cwd: project });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the package brings no other package along', () => {
  expect(
    readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
  ).toEqual(['@holdfast']);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({ name: '@holdfast/client', engines: { node: '>=20' } });
  expect(Object.keys(manifest)).not.toContain('dependencies');
});

test('it holds JavaScript and declarations, and neither sources nor tests nor schemas', () => {
  const entries = readdirSync(installed, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const expected = /\.js$|\.d\.ts$|^package\.json$|^README\.md$/;
  expect(files.filter((name) => !expected.test(name))).toEqual([]);
  expect(files.filter((name) => /schema\.js$|test|fake/.test(name))).toEqual([]);
});

const CALLER = `
import { createClient, HoldfastError } from '@holdfast/client';

const client = createClient({ baseUrl: process.argv[2], apiKey: 'k' });
const made = await client.runs.create({ agent: 'a', input: {} });
const seen = [];
for await (const event of client.runs.stream(made.id)) seen.push(event.seq);
const run = await client.runs.wait(made.id);
await client.humanTasks.decide('task_1', { kind: 'approve' });
const away = createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k', maxRetries: 0 });
const error = await away.runs.get('run_1').catch((thrown) => thrown);
const known = error instanceof HoldfastError ? error.code : String(error);
console.log(JSON.stringify({ id: made.id, seen, status: run.status, known }));
`;

test('it works in the plain Node of the machine, against a service that loses answers', async () => {
  const events = [1, 2, 3].map((seq) => ({
    seq,
    at: '',
    type: seq === 3 ? ('run.succeeded' as const) : ('step.completed' as const),
    data: {},
  }));
  await using server = await startCuttingServer(events, (connection) => ({
    cutAfterBytes: connection === 1 ? 150 : 100_000,
    repeat: 1,
  }));
  writeFileSync(join(project, 'caller.js'), CALLER);
  const { stdout } = await run(plainNode(), ['caller.js', server.baseUrl], { cwd: project });
  expect(JSON.parse(stdout)).toEqual({
    id: 'run_1',
    seen: [1, 2, 3],
    status: 'succeeded',
    known: 'client.network',
  });
  expect([...server.decided.values()]).toEqual(['approve']);
});

const STRICT = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
    noEmit: true,
    // The package's own declarations are checked as well.
    skipLibCheck: false,
  },
  include: ['*.ts'],
};

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('its types tell right uses from wrong ones (module %s, resolution %s)', async (...kinds) => {
  const [module, moduleResolution] = kinds;
  const uses = readFileSync('client/client.type-test.ts', 'utf8');
  writeFileSync(
    join(project, 'uses.ts'),
    uses.replace("from './index.ts'", "from '@holdfast/client'"),
  );
  const config = {
    ...STRICT,
    compilerOptions: { ...STRICT.compilerOptions, module, moduleResolution },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const checked = await run(process.execPath, [tsc, '-p', project]).catch(
    (error: unknown) => error,
  );
  expect(checked).toMatchObject({ stdout: '' });
});
