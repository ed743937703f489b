import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READY_MS = 90_000;
const GRACE_MS = 15_000;
const LAST_CHARS = 4_000;

/** A process of the benchmark that answers requests one after the other. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  request<T>(message: object): Promise<T>;
  /** Asks it to end, kills it after a while, and waits until it is gone. */
  stop(): Promise<void>;
}

/** What to start. */
export interface ChildSpec {
  readonly file: string;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const outputs = new Set<() => string>();

/** The last that all children wrote, for failures. */
export function lastWords(): string {
  return [...outputs].map((output) => output()).join('\n');
}

/** Starts a file and waits for its first message, which comes back with the process. */
export async function startChild(
  spec: ChildSpec,
): Promise<{ readonly child: Child; readonly ready: unknown }> {
  const child = fork(spec.file, [...(spec.args ?? [])], {
    cwd: ROOT,
    execArgv: ['--disable-warning=ExperimentalWarning', ...(spec.execArgv ?? [])],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  outputs.add(() => output);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      output = (output + text.toString()).slice(-LAST_CHARS);
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const nextMessage = <T>(timeoutMs?: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`${spec.file} ended or is silent:\n${output}`));
      const timer = timeoutMs === undefined ? undefined : setTimeout(fail, timeoutMs);
      const settle = (message: unknown): void => {
        clearTimeout(timer);
        child.off('exit', fail);
        resolve(message as T);
      };
      child.once('message', settle);
      child.once('exit', fail);
    });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    const ready = await nextMessage<unknown>(READY_MS);
    const request = async <T>(message: object): Promise<T> => {
      const answer = nextMessage<{ readonly error?: string; readonly value: T }>();
      child.send(message);
      const { error, value } = await answer;
      if (error !== undefined) throw new Error(error);
      return value;
    };
    return {
      ready,
      child: { pid: child.pid ?? 0, request, stop, [Symbol.asyncDispose]: stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
