import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A static check: a program of node_modules that exits with 0 when all is well. */
export interface Check {
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** How a check ended. */
export interface CheckResult {
  readonly title: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = [
  'contracts',
  'engine',
  'workflows',
  'activities',
  'adapters',
  'db',
  'temporal',
  'runtime',
  'workers',
  'api',
  'client',
  'start',
  'tests',
];

/** What must hold before a change lands; the slowest come first. */
export const CHECKS: readonly Check[] = [
  { title: 'lint', program: 'eslint', args: ['.', '--max-warnings', '0'] },
  { title: 'types', program: 'tsc', args: ['-p', '.'] },
  { title: 'format', program: 'prettier', args: ['--check', '.', '--log-level', 'warn'] },
  {
    title: 'imports',
    program: 'depcruise',
    args: ['--config', '.dependency-cruiser.mjs', ...FOLDERS],
  },
  { title: 'dead code', program: 'knip', args: ['--no-progress'] },
];

/**
 * Runs checks, one in each place from when that is free, prints each failure's output when it is known,
 * then a summary.
 */
export async function runChecks(
  checks: readonly Check[],
  places: readonly Promise<unknown>[],
): Promise<readonly CheckResult[]> {
  const queue = [...checks];
  const results: CheckResult[] = [];
  const work = async (free: Promise<unknown>): Promise<void> => {
    await free;
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const result = await runCheck(check);
      results.push(result);
      if (!result.passed) process.stdout.write(`\n--- ${check.title} ---\n${result.output}\n`);
    }
  };
  await Promise.all(places.map(work));
  process.stdout.write('\nChecks:\n');
  for (const { title, passed, seconds } of results) {
    process.stdout.write(`  ${passed ? 'ok    ' : 'FAILED'} ${title} (${seconds.toFixed(1)} s)\n`);
  }
  return results;
}

async function runCheck(check: Check): Promise<CheckResult> {
  const startedAt = performance.now();
  const bin = join(ROOT, 'node_modules', '.bin');
  const path = [dirname(process.execPath), bin, process.env.PATH ?? ''].join(':');
  const child = spawn(join(bin, check.program), [...check.args], {
    cwd: ROOT,
    env: { ...process.env, PATH: path, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const passed = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${check.program} cannot be run: ${error.message}`));
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return { title: check.title, passed, seconds, output: Buffer.concat(chunks).toString() };
}
