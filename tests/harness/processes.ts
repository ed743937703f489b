import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILE_CACHE = join(tmpdir(), 'holdfast-test-cache', 'compile');
const READY_MS = 60_000;

/** A process of the product under test. */
export interface TestProcess {
  readonly pid: number;
  /** Everything it wrote so far, for failure messages. */
  output(): string;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits; kills after a while. */
  stop(): Promise<void>;
  /** Closes the pipes that its output is read from, as a reader does who goes away. */
  stopReading(): void;
  readonly exited: Promise<number | null>;
}

/**
 * Starts a file with this Node, or the program named, and waits for the line that `ready` recognises; its
 * answer comes back with the process.
 */
export async function startProcess<T>(args: {
  readonly file: string;
  readonly program?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ready: (line: string) => T | null;
}): Promise<{ readonly process: TestProcess; readonly value: T }> {
  const child = spawn(args.program ?? process.execPath, [args.file, ...args.args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...args.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const running = toTestProcess(child, lines);
  const value = await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${args.file} was not ready:\n${lines.join('\n')}`)),
      READY_MS,
    );
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      action();
    };
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const found = args.ready(line);
        if (found !== null) settle(() => resolve(found));
      });
    }
    child.on('exit', (code) =>
      settle(() => reject(new Error(`${args.file} exited with ${code}:\n${lines.join('\n')}`))),
    );
  });
  return { process: running, value };
}

function toTestProcess(child: ChildProcess, lines: readonly string[]): TestProcess {
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
    output: () => lines.join('\n'),
    exited,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    stopReading: () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  };
}
