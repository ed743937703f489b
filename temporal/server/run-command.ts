import { spawn } from 'node:child_process';

/** A program to run to its end, with our environment, since proxies and registries are set there. */
export interface CommandRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly deadlineMs: number;
  /** Called every few seconds with the time passed; returning a reason ends the program. */
  readonly onTick?: (elapsedMs: number) => string | undefined;
}

const TICK_MS = 5_000;
const KEPT_OUTPUT_CHARS = 6_000;

/** Runs a program and returns its output; throws with its last words when it fails or is ended. */
export async function runCommand(run: CommandRun): Promise<string> {
  const startedAt = Date.now();
  const child = spawn(run.command, [...run.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
  });
  let output = '';
  let reason: string | undefined;
  const collect = (text: Buffer): void => {
    output = (output + text.toString()).slice(-KEPT_OUTPUT_CHARS);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const end = (why: string): void => {
    reason ??= why;
    child.kill('SIGKILL');
  };
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  const tick = setInterval(() => {
    const why = run.onTick?.(Date.now() - startedAt);
    if (why !== undefined) end(why);
  }, TICK_MS);
  const deadline = setTimeout(() => {
    end(`took longer than ${Math.round(run.deadlineMs / 1000)} s`);
  }, run.deadlineMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (reason !== undefined) throw new Error(reason);
    if (code !== 0) throw new Error(lastLines(output) || `exit code ${code ?? 'unknown'}`);
    return output;
  } finally {
    clearInterval(tick);
    clearTimeout(deadline);
    process.off('exit', onExit);
  }
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-2).join(' ').slice(-400);
}
