import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { networkRemover } from './network-remover.ts';

/** What one reading process may take. */
export interface ChildLimits {
  readonly deadlineMs: number;
  /** Of its heap; buffers beside it have as much again. */
  readonly memoryMb: number;
  readonly outputBytes: number;
}

/** What a reading process is started with. */
export interface ChildStart {
  /** What it reads first and last. */
  readonly input: readonly Uint8Array[];
  readonly limits: ChildLimits;
  readonly signal?: AbortSignal;
  /** The file that it runs. */
  readonly main?: string;
}

/** How a reading process ended. */
export type ChildEnd =
  | { readonly kind: 'answered'; readonly output: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'out_of_memory' }
  | { readonly kind: 'talkative' }
  | { readonly kind: 'broken'; readonly how: string };

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('./child/main.ts', import.meta.url));
/** The engine reserves this much for code before it does anything. */
const CODE_KB = 512 * 1024;
const ERROR_CHARS = 16_384;
/** A process whose parent died goes on only as long as its processor time lasts. */
const SPARE_SECONDS = 5;
/** Limits itself, then becomes the process. Hosts that know a limit not go on without it. */
const LAUNCHER = `ulimit -c 0 2>/dev/null; ulimit -d "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null
shift 2; exec "$@"`;

/** Runs a reading process to its end; throws the signal's reason when it aborts. */
export async function startChild({ input, limits, signal, main }: ChildStart): Promise<ChildEnd> {
  const args = await childArgs(limits, main ?? MAIN);
  signal?.throwIfAborted();
  const child = spawn('/bin/sh', args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    // Not ours: it holds the secrets of the installation.
    env: {},
  });
  const run = new ChildRun(child, limits);
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const end = await run.end(input);
    signal?.throwIfAborted();
    return end;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function childArgs(
  { deadlineMs, memoryMb }: ChildLimits,
  main: string,
): Promise<readonly string[]> {
  const dataKb = String(memoryMb * 2 * 1024 + CODE_KB);
  const seconds = String(Math.ceil(deadlineMs / 1_000) + SPARE_SECONDS);
  const node = [process.execPath, ...nodeFlags(memoryMb), main];
  return ['-c', LAUNCHER, 'parser', dataKb, seconds, ...(await networkRemover()), ...node];
}

function nodeFlags(memoryMb: number): readonly string[] {
  const readable = [
    ...['adapters/documents', 'contracts', 'package.json'].map((path) => join(ROOT, path)),
    ...packageFolders(),
  ];
  return [
    `--max-old-space-size=${memoryMb}`,
    '--disallow-code-generation-from-strings',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    // Nothing is written, no process or thread begins, and of files only these are read.
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
  ];
}

/** Where packages lie, as they are named and as they really are. */
function packageFolders(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  const found = resolve('mammoth/package.json');
  const real = dirname(dirname(realpathSync(found)));
  const named = join(ROOT, 'node_modules');
  return existsSync(named) ? [...new Set([named, real])] : [real];
}

/** One reading process: its input, its output and why it ended. */
class ChildRun {
  readonly #child: Child;
  readonly #limits: ChildLimits;
  readonly #output: Buffer[] = [];
  #outputBytes = 0;
  #errors = '';
  #killedFor: 'late' | 'talkative' | null = null;

  constructor(child: Child, limits: ChildLimits) {
    this.#child = child;
    this.#limits = limits;
  }

  async end(input: readonly Uint8Array[]): Promise<ChildEnd> {
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    const deadline = setTimeout(() => this.#kill('late'), this.#limits.deadlineMs);
    this.#child.on('error', (error) => resolve({ kind: 'broken', how: error.message }));
    this.#child.on('close', (code, signal) => resolve(this.#endOf(code, signal)));
    this.#child.stdout.on('data', (part: Buffer) => this.#take(part));
    this.#child.stderr.on('data', (part: Buffer) => {
      this.#errors = (this.#errors + part.toString('latin1')).slice(-ERROR_CHARS);
    });
    lowerPriority(this.#child.pid);
    this.#feed(input);
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** A process that has ended already takes no input; why it ended is told elsewhere. */
  #feed(input: readonly Uint8Array[]): void {
    this.#child.stdin.on('error', () => undefined);
    for (const part of input) this.#child.stdin.write(part);
    this.#child.stdin.end();
  }

  #take(part: Buffer): void {
    this.#outputBytes += part.length;
    if (this.#outputBytes > this.#limits.outputBytes) this.#kill('talkative');
    else this.#output.push(part);
  }

  #kill(why: 'late' | 'talkative'): void {
    this.#killedFor ??= why;
    this.#child.kill('SIGKILL');
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): ChildEnd {
    if (this.#killedFor !== null) return { kind: this.#killedFor };
    if (code === 0) return { kind: 'answered', output: Buffer.concat(this.#output).toString() };
    if (signal === 'SIGXCPU') return { kind: 'late' };
    if (isOutOfMemory(this.#errors)) return { kind: 'out_of_memory' };
    return { kind: 'broken', how: signal ?? `code ${String(code)}` };
  }
}

/** What the engine writes before it aborts; buffers that find no room are an error of their own. */
function isOutOfMemory(errors: string): boolean {
  return /out of memory|Array buffer allocation failed|bad_alloc|ERR_MEMORY_ALLOCATION_FAILED/i.test(
    errors,
  );
}

/** Reading a document waits for whoever answers to people. */
function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already.
  }
}
