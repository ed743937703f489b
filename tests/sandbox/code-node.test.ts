import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chain, countingTool, prepareRun } from '../execution/harness.ts';
import { createRunSandboxes, type RunSandboxes } from '../../activities/sandbox/run-sandboxes.ts';
import { createSandboxStore } from '../../db/stores/sandbox-store.ts';
import { createStepCodeTool } from '../../activities/nodes/code/run-step-code.ts';
import { describeUnless } from '../harness/not-run.ts';
import { dockerForTests } from '../harness/docker.ts';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { interruptJournal, Interruption } from '../execution/interrupting-journal.ts';
import { openBench } from './docker-fixture.ts';
import { openFileToolBench, spaceOf, type FileToolBench } from './tool-bench.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { NodeSpec } from '../../contracts/agent-spec.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { Tool } from '../../activities/tools/tool.ts';

const docker = await dockerForTests(['base', 'python']);
const hasPython = spawnSync('python3', ['--version']).status === 0;
let bench: FileToolBench;

beforeAll(async () => {
  bench = await openFileToolBench();
});

afterAll(() => bench.close());

/** Really runs the command, in a folder that holds the sandbox's files. */
const really: FakeProgram = async (contents, { argv, stdin }) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-code-'));
  try {
    for (const [path, bytes] of contents) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    const [program = '', ...args] = argv;
    const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
    const child = spawn(program, args, { cwd: folder, env: { PATH } });
    child.stdin.end(stdin);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
    const exitCode = await new Promise<number>((resolve) => {
      child.on('close', (code) => {
        resolve(code ?? -1);
      });
    });
    for (const name of await readdir(folder)) {
      contents.set(name, await readFile(join(folder, name)));
    }
    return { ...output, exitCode };
  } finally {
    await rm(folder, { recursive: true });
  }
};

function sandboxesOn(driver: SandboxDriver): RunSandboxes {
  return createRunSandboxes({
    drivers: [driver],
    files: bench.files,
    sandboxes: createSandboxStore(bench.schema.database),
    minLevel: async () => 'process',
    host: 'here',
    warn: () => undefined,
  });
}

/** The tool behind the node, for a run in the database. */
function toolFor(run: RunRef, driver: SandboxDriver): Tool {
  const tool = createStepCodeTool({ sandboxes: sandboxesOn(driver), files: bench.files });
  return { ...tool, execute: (args, context) => tool.execute(args, { ...context, ...run }) };
}

const code = (config: JsonObject, more: Partial<NodeSpec> = {}): NodeSpec => ({
  id: 'code',
  type: 'code',
  config,
  ...more,
});

const SUCCEEDED = { status: 'succeeded' };
const VALUE = { value: { reducer: 'replace' } } as const;

/** Runs one node of code on a driver; answers with the run and what the node resulted in. */
async function runCode(config: JsonObject, input: Json = {}, driver = new FakeDriver(really)) {
  const run = await bench.tenant.seedRun();
  const spec = chain([code({ ...config, save: 'value' })], VALUE);
  const test = prepareRun({ spec, input, tools: [toolFor(run, driver)] });
  const { end } = await test.go();
  const [done] = test.events('step.completed');
  return { run, test, end, value: (await test.state())['value'], data: done?.data };
}

describeUnless(hasPython ? null : 'There is no python3 here.', 'a node of code', () => {
  test.each([
    { language: 'python', code: 'n = input["n"]\n{"twice": 2 * n, "é": [None]}' },
    { language: 'javascript', code: 'const n = input.n;\n({ twice: 2 * n, é: [null] })' },
    {
      language: 'javascript',
      code: 'const n = await Promise.resolve(input.n);\nreturn { twice: 2 * n, é: [null] };',
    },
    {
      language: 'bash',
      code: 'n=$(tr -dc 0-9 < "$HOLDFAST_INPUT")\necho "{\\"twice\\": $((2 * n)), \\"é\\": [null]}" > "$HOLDFAST_OUTPUT"',
    },
  ])('in $language gets its input and hands a value over: $code', async (config) => {
    const { run, end, value } = await runCode(config, { n: 21 });
    expect(end).toEqual(SUCCEEDED);
    expect(value).toEqual({ twice: 42, é: [null] });
    // What the value left the sandbox with is put away.
    expect((await bench.files.manifest(spaceOf(run))).entries).toEqual([]);
  });

  test('fills in templates of its input, and none of its code', async () => {
    const input = {
      all: '{{ input.rows }}',
      text: 'n={{ input.n }}',
      twice: ['{{ input.n * 2 }}'],
    };
    const config = { language: 'python', code: '[input, "{{ input.n }}"]', input };
    const { value } = await runCode(config, { rows: [1, 2], n: 3 });
    const given = { all: [1, 2], text: 'n=3', twice: [6] };
    expect(value).toEqual([given, '{{ input.n }}']);
  });

  test('shows output, exit status and changed files in its result', async () => {
    const source =
      'import sys\nprint("out")\nprint("err", file=sys.stderr)\nopen("a", "w").write("x")';
    const { run, data } = await runCode({ language: 'python', code: source });
    expect(data?.['result']).toEqual({
      exitCode: 0,
      stdout: 'out\n',
      stderr: 'err\n',
      value: 1,
      changedFiles: ['a'],
    });
    expect((await bench.files.read(spaceOf(run), 'a')).bytes.toString()).toBe('x');
  });

  test('runs at the level that it names, without telling its code', async () => {
    const config = { language: 'python', code: '1 + 1', sandboxLevel: 'gvisor' };
    const weak = new FakeDriver(really);
    expect(await runCode(config, {}, weak)).toMatchObject({ end: { status: 'failed' } });
    expect(weak.created).toEqual([]);
    const { value } = await runCode(config, {}, new FakeDriver(really, 'gvisor'));
    expect(value).toBe(2);
  });

  test('has no value where its code gives none, or no JSON', async () => {
    const cases = [
      { language: 'python', code: 'object()' },
      { language: 'python', code: 'float("nan")' },
      { language: 'javascript', code: '10n' },
      { language: 'bash', code: 'true' },
    ];
    const ended = await Promise.all(cases.map((config) => runCode(config)));
    for (const { end, value } of ended) expect([end, value]).toEqual([SUCCEEDED, null]);
  });

  test('hands over a value of megabytes', async () => {
    const { value } = await runCode({ language: 'python', code: '"ab" * 1_500_000' });
    expect(value).toBe('ab'.repeat(1_500_000));
  });

  test('fails where its code does', async () => {
    const bad = (language: string, source: string, ...told: readonly string[]) => ({
      config: { language, code: source },
      told,
    });
    const cases = [
      bad('python', 'x = 1\nraise ValueError("bad")', 'exited with 1', 'line 2', 'bad'),
      bad('python', 'import sys\nsys.exit(7)', 'exited with 7'),
      bad('javascript', 'throw new Error("bad")', 'exited with 1', 'bad'),
      bad('javascript', '(', 'exited with 1', 'SyntaxError'),
      bad('bash', 'echo why >&2; exit 3', 'exited with 3: why'),
      bad('bash', 'echo text > "$HOLDFAST_OUTPUT"', 'holds no JSON'),
    ];
    const ended = await Promise.all(cases.map(({ config }) => runCode(config)));
    for (const [index, { end, test: run }] of ended.entries()) {
      expect(end).toMatchObject({ status: 'failed', error: { code: 'code.failed' } });
      const [failed] = run.events('step.failed');
      for (const text of cases[index]?.told ?? []) {
        expect(failed?.data['error']).toMatchObject({ message: expect.stringContaining(text) });
      }
    }
  });

  test('that fails goes on as onError says', async () => {
    const run = await bench.tenant.seedRun();
    const config = { language: 'bash', code: 'exit 1', save: 'value' };
    const node = code(config, { onError: { do: 'continue', value: 'default' } });
    const tools = [toolFor(run, new FakeDriver(really))];
    const test = prepareRun({ spec: chain([node], VALUE), tools });
    expect((await test.go()).end).toEqual(SUCCEEDED);
    expect(await test.state()).toMatchObject({ value: 'default' });
  });

  test.each([2, 3])(
    'runs once and keeps its value if the process dies at write %i',
    async (nth) => {
      for (const when of ['before', 'after'] as const) {
        const run = await bench.tenant.seedRun();
        let runs = 0;
        const driver = new FakeDriver((contents, request) => {
          runs += 1;
          return really(contents, request);
        });
        const spec = chain([code({ language: 'python', code: '41 + 1', save: 'value' })], VALUE);
        // Each process has its own connection to the sandboxes of the machine.
        const first = prepareRun({ spec, tools: [toolFor(run, driver)] });
        const { journal } = interruptJournal(first.journal, { nth, when });
        await expect(first.go({ journal })).rejects.toThrow(Interruption);
        await first.go();
        expect(await first.state()).toMatchObject({ value: 42 });
        expect(runs).toBe(1);
      }
    },
  );
});

describe('the config of a node of code', () => {
  const tools = [countingTool('keyed', { name: 'run_step_code' })];
  const problems = (config: JsonObject, given: readonly Tool[] = tools): unknown => {
    try {
      prepareRun({ spec: chain([code(config)]), tools: given });
      return [];
    } catch (error) {
      return JSON.parse(error instanceof Error ? error.message : '');
    }
  };
  const fine = { language: 'python', code: '1' };

  test.each([
    [{ ...fine, input: { a: ['{{ input.x }}'] } }, []],
    [{ ...fine, language: 'ruby' }, [{ pointer: '/graph/nodes/0/config/language' }]],
    [{ language: 'bash' }, [{ pointer: '/graph/nodes/0/config/code' }]],
    [{ ...fine, timeoutSeconds: 0 }, [{ pointer: '/graph/nodes/0/config/timeoutSeconds' }]],
    [{ ...fine, image: 'gpu' }, [{ pointer: '/graph/nodes/0/config/image' }]],
    [{ ...fine, sandboxLevel: 'gvisor' }, []],
    [{ ...fine, sandboxLevel: 'tin' }, [{ pointer: '/graph/nodes/0/config/sandboxLevel' }]],
    [{ ...fine, save: 'nowhere' }, [{ pointer: '/graph/nodes/0/config/save' }]],
    [{ ...fine, input: { a: ['{{ 1 + }}'] } }, [{ pointer: '/graph/nodes/0/config/input/a/0' }]],
    [{ ...fine, other: 1 }, [{ pointer: '/graph/nodes/0/config/other' }]],
  ])('%j has the problems %j', (config, expected) => {
    expect(problems(config)).toMatchObject(expected);
  });

  test('is refused where there are no sandboxes', () => {
    expect(problems(fine, [])).toMatchObject([
      { pointer: '/graph/nodes/0/config', code: 'tool.unknown' },
    ]);
  });
});

describeUnless(docker.reason, 'a node of code in a container', () => {
  test('gets its input, reads files of the run and hands a value over', async () => {
    await using containers = await openBench(docker.socketPath);
    const { run, ann } = await bench.newRun();
    await ann('write_file', { path: 'data/rows.csv', content: '1\n2\n3\n' });
    const source = [
      'import csv, os',
      'rows = [int(row[0]) for row in csv.reader(open("data/rows.csv"))]',
      'os.makedirs("out", exist_ok=True)',
      'print(sum(rows), file=open("out/sum.txt", "w"))',
      '{"sum": sum(rows) * input["times"], "uid": os.getuid()}',
    ].join('\n');
    const spec = chain([code({ language: 'python', code: source, save: 'value' })], VALUE);
    const test = prepareRun({
      spec,
      input: { times: 2 },
      tools: [toolFor(run, containers.open())],
    });
    expect((await test.go()).end).toEqual(SUCCEEDED);
    expect(await test.state()).toMatchObject({ value: { sum: 12, uid: 1000 } });
    const { bytes } = await bench.files.read(spaceOf(run), 'out/sum.txt');
    expect(bytes.toString()).toBe('6\n');
  });
});
