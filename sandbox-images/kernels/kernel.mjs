// An interpreter whose variables live from cell to cell: `kernel.mjs javascript SOCKET`.
import { Buffer } from 'node:buffer';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { constants, Script } from 'node:vm';

const socketPath = process.argv.at(-1);
const STOPPED = 130;
let target = null;

for (const [name, fd] of [
  ['stdout', 1],
  ['stderr', 2],
]) {
  process[name].write = (chunk, encoding, done) => {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
        : chunk;
    if (target !== null) writeAll(target[fd], bytes);
    const after = typeof encoding === 'function' ? encoding : done;
    if (typeof after === 'function') process.nextTick(after);
    return true;
  };
}

function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

globalThis.require = createRequire('/workspace/cell.js');
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => console.error(error));
process.on('unhandledRejection', (error) => console.error(error));

function compile(code) {
  const options = {
    filename: 'cell.js',
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  };
  try {
    return new Script(code, options);
  } catch (error) {
    if (!(error instanceof SyntaxError) || !/\bawait\b/.test(code)) throw error;
    // Names declared beside a top-level await are the cell's own.
    return new Script(`(async () => {\n${code}\n})()`, options);
  }
}

async function run(code) {
  const exit = process.exit;
  const ended = Symbol('exit');
  let status = 0;
  process.exit = (given) => {
    status = Number(given ?? process.exitCode ?? 0);
    throw ended;
  };
  try {
    const value = await compile(code).runInThisContext({ breakOnSigint: true });
    if (value !== undefined) console.log(typeof value === 'string' ? value : inspect(value));
    return 0;
  } catch (error) {
    if (error === ended) return status;
    if (error?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') {
      console.error('stopped');
      return STOPPED;
    }
    console.error(error);
    return 1;
  } finally {
    process.exit = exit;
  }
}

let turn = Promise.resolve();

async function serve(link, line) {
  const { pid, code } = JSON.parse(line);
  const fds = { 1: openSync(`/proc/${pid}/fd/1`, 'a'), 2: openSync(`/proc/${pid}/fd/2`, 'a') };
  target = fds;
  try {
    link.write(`${JSON.stringify({ kernel: process.pid })}\n`);
    const stopped = new Promise((resolve) => process.once('SIGINT', () => resolve(STOPPED)));
    const status = await Promise.race([run(code), stopped]);
    link.write(`${JSON.stringify({ status })}\n`);
  } finally {
    target = null;
    closeSync(fds[1]);
    closeSync(fds[2]);
  }
}

createServer((link) => {
  let text = '';
  link.on('error', () => undefined);
  link.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    const at = text.indexOf('\n');
    if (at === -1) return;
    const line = text.slice(0, at);
    text = text.slice(at + 1);
    turn = turn.then(() => serve(link, line)).catch(() => link.destroy());
  });
}).listen(socketPath);
