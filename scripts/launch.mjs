/**
 * Runs a TypeScript file of this repository on any Node from 20 on: installs the packages if they
 * are missing or stale, finds a Node that strips types, and hands over to it.
 * Plain JavaScript with no dependencies, since it runs before any of them exists.
 */
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { ensurePackages } from './launch/packages.mjs';
import { findNode } from './launch/find-node.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

function say(text) {
  process.stderr.write(`${text}\n`);
}

function run(node, file, args) {
  const env = {
    // Half of the time to a process's first line is reading and compiling a thousand modules.
    NODE_COMPILE_CACHE: resolve(ROOT, 'node_modules/.cache/compile'),
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
  };
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', '--enable-source-maps', resolve(ROOT, file), ...args],
    { stdio: 'inherit', env },
  );
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    say(`Cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

async function main() {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) throw new Error('Usage: node scripts/launch.mjs FILE.ts [ARGUMENTS]');
  // For those who manage node_modules themselves.
  if (process.env.HOLDFAST_NO_INSTALL === undefined) await ensurePackages(ROOT, say);
  run(findNode(ROOT), file, args);
}

main().catch((error) => {
  say(error.message);
  process.exit(1);
});
