import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { cellArgv, kernelArgv, type CodeLanguage } from '../../activities/sandbox/code-cell.ts';

const FOLDER = '/tmp/.holdfast-kernels';
const hasPython = spawnSync('python3', ['--version']).status === 0;

interface Cell {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

const kernels = new Map<CodeLanguage, ChildProcess>();

/** The interpreter lives beside the cells, as a command of a sandbox's session does. */
function ensureKernel(language: CodeLanguage, PATH: string): void {
  const known = kernels.get(language);
  if (known !== undefined && known.exitCode === null && known.signalCode === null) return;
  const [program = '', ...args] = kernelArgv(language);
  const env = { ...process.env, PATH };
  kernels.set(language, spawn(program, args, { env, stdio: 'ignore' }));
}

/** Runs a cell as a command of a sandbox does; TERM comes when it has written `stopAt`. */
async function cell(language: CodeLanguage, code: string, stopAt?: string): Promise<Cell> {
  const [program = '', ...args] = cellArgv(language);
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  ensureKernel(language, PATH);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cell-'));
  // Files, for Node gives sockets to its children, which nobody can open by their path.
  const files = { stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr') };
  const fds = [openSync(files.stdout, 'a'), openSync(files.stderr, 'a')] as const;
  const child = spawn(program, args, { env: { ...process.env, PATH }, stdio: ['pipe', ...fds] });
  child.stdin?.end(code);
  const stop = (): void => {
    if (readFileSync(files.stdout, 'utf8').includes(stopAt ?? '')) child.kill('SIGTERM');
  };
  const timer = stopAt === undefined ? undefined : setInterval(stop, 100);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(timer);
  for (const fd of fds) closeSync(fd);
  const stdout = readFileSync(files.stdout, 'utf8');
  const stderr = readFileSync(files.stderr, 'utf8');
  rmSync(folder, { recursive: true });
  return { stdout, stderr, exitCode };
}

/** Ends the interpreters, which would otherwise live on. */
function endKernels(): void {
  for (const kernel of kernels.values()) kernel.kill('SIGKILL');
  kernels.clear();
  rmSync(FOLDER, { recursive: true, force: true });
}

(hasPython ? describe : describe.skip)('the interpreters of a sandbox', () => {
  beforeAll(endKernels);
  afterAll(endKernels);

  test.each([
    { language: 'python', set: 'x = 41', get: 'x + 1', stdout: '42\n' },
    { language: 'javascript', set: 'const x = 41', get: 'x + 1', stdout: '42\n' },
    { language: 'bash', set: 'x=41; cd /', get: 'echo $((x + 1)) $PWD', stdout: '42 /\n' },
  ] as const)('keep variables of $language from cell to cell', async (given) => {
    expect(await cell(given.language, given.set)).toMatchObject({ stdout: '', exitCode: 0 });
    const told = await cell(given.language, given.get);
    expect(told).toEqual({ stdout: given.stdout, stderr: '', exitCode: 0 });
  });

  test.each([
    { language: 'python', code: '1 / 0', exitCode: 1, stderr: 'ZeroDivisionError' },
    { language: 'python', code: 'import sys\nsys.exit(3)', exitCode: 3, stderr: '' },
    { language: 'python', code: 'if', exitCode: 1, stderr: 'SyntaxError' },
    { language: 'javascript', code: 'throw new Error("bad")', exitCode: 1, stderr: 'bad' },
    { language: 'javascript', code: 'process.exit(5)', exitCode: 5, stderr: '' },
    { language: 'bash', code: 'false', exitCode: 1, stderr: '' },
  ] as const)('tell how $code ended', async ({ language, code, exitCode, stderr }) => {
    const told = await cell(language, code);
    expect(told.exitCode).toBe(exitCode);
    expect(told.stderr).toContain(stderr);
  });

  test('show what processes write that the code starts', async () => {
    const told = await cell('python', 'import os\n_ = os.system("echo out; echo err >&2")');
    expect(told).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 0 });
  });

  test('await at the top level', async () => {
    const told = await cell('javascript', 'console.log(await Promise.resolve("late"))');
    expect(told).toEqual({ stdout: 'late\n', stderr: '', exitCode: 0 });
  });

  test.each([
    {
      language: 'python',
      set: 'y = 7',
      endless: 'print("begun", flush=True)\nwhile True: pass',
      get: 'y',
    },
    {
      language: 'javascript',
      set: 'var y = 7',
      endless: 'console.log("begun"); for (;;) {}',
      get: 'y',
    },
  ] as const)('survive a cell of $language that is stopped', async (given) => {
    await cell(given.language, given.set);
    const stopped = await cell(given.language, given.endless, 'begun');
    expect(stopped.stderr).toContain('stopped');
    expect(await cell(given.language, given.get)).toMatchObject({ stdout: '7\n', exitCode: 0 });
  });

  test('say that variables are lost when the interpreter ended', async () => {
    await cell('bash', 'z=1');
    expect(await cell('bash', 'exit 4')).toMatchObject({ exitCode: 4 });
    expect(await cell('bash', 'echo "z=$z"')).toMatchObject({ stdout: 'z=\n', exitCode: 0 });
    await cell('python', 'z = 1');
    const died = await cell('python', 'import os\nos._exit(4)');
    expect(died).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('variables are lost'),
    });
    const next = await cell('python', '"z" in globals()');
    expect(next.stdout).toBe('False\n');
    expect(next.stderr).toContain('had ended');
  });
});
