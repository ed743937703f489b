import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAgent, oneTo, watch } from '../harness/runs.ts';
import { createSandboxStore } from '../../db/stores/sandbox-store.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { scriptedAgent } from '../system/graphs.ts';
import { probeProcessLevel } from './process-fixture.ts';
import { splitStack, startStack, type SplitStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { Client } from '../../client/index.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { ScriptTurn } from '../../contracts/agent-spec.ts';

const { reason, socketPath, docker } = await dockerForTests(['base', 'python']);
const processes = await probeProcessLevel();
const env = { DOCKER_HOST: `unix://${socketPath}`, HOLDFAST_SANDBOX_WARM: '0' };

/** Containers that live of those that a run has had. */
async function containersOf(stack: Stack | SplitStack, runId: string): Promise<number> {
  const store = createSandboxStore(stack.schema.database);
  const all = await store.list({ workspaceId: stack.workspaceId, runId });
  const found = await Promise.all(
    all.map(({ id }) => docker.listContainers({ all: true, filters: { name: [id] } })),
  );
  return found.flat().length;
}

function callOf(turn: number, tool: string, args: JsonObject): ScriptTurn {
  return { when: `turn == ${turn}`, call: [{ tool, arguments: args }] };
}

async function resultsOf(client: Client, runId: string) {
  const { items } = await client.runs.steps(runId).page();
  return items.filter(({ op }) => op === 'call').map(({ result }) => result);
}

describeUnless(reason, 'a run with a sandbox', () => {
  let stack: Stack;
  let client: Client;
  let web: Server;
  let port = 0;

  beforeAll(async () => {
    web = createServer((_, answer) => answer.writeHead(204).end()).listen(0, '0.0.0.0');
    await once(web, 'listening');
    port = (web.address() as AddressInfo).port;
    const HOLDFAST_SANDBOX_PRIVATE_HOSTS = '127.0.0.2,127.0.0.3';
    stack = await startStack({ ...env, HOLDFAST_SANDBOX_PRIVATE_HOSTS });
    client = stack.client;
  }, 60_000);
  afterAll(async () => {
    web.close();
    await stack.stop();
  });

  test('keeps variables and files from call to call, streams output, and frees it at the end', async () => {
    const python = (turn: number, code: string): ScriptTurn =>
      callOf(turn, 'run_code', { language: 'python', code });
    const script = [
      python(1, 'x = 20\nprint("first", open("kept.txt", "w").write("kept"))'),
      python(2, 'print(open("kept.txt").read())\nx + 22'),
      { say: 'done' },
    ];
    const agent = await createAgent(client, scriptedAgent(script, ['run_code']));
    const run = await client.runs.create({ agent, input: 'go' });
    const seen = await watch(client, run.id);
    expect(seen.types.at(-1)).toBe('run.succeeded');
    expect(seen.text).toContain('first 4');
    expect(await resultsOf(client, run.id)).toMatchObject([
      { exitCode: 0, stdout: 'first 4\n', changedFiles: ['kept.txt'] },
      { exitCode: 0, stdout: 'kept\n42\n' },
    ]);
    const bytes = await client.files.read(run.id, 'kept.txt');
    expect(Buffer.from(bytes).toString()).toBe('kept');
    const { items: commands } = await client.audit.commands(run.id).page();
    expect(commands).toHaveLength(2);
    expect(await client.audit.verify(run.id)).toMatchObject({ valid: true });
    await until('the sandbox to be gone', async () => (await containersOf(stack, run.id)) === 0);
  }, 60_000);

  test('gives its sandbox away while a person is asked, and has its files again after that', async () => {
    const script = [
      callOf(1, 'bash', { command: 'echo before > note; echo x > /tmp/outside' }),
      callOf(2, 'ask_human', { question: 'Go on?' }),
      callOf(3, 'bash', { command: 'cat note; cat /tmp/outside' }),
      { say: 'done' },
    ];
    const agent = await createAgent(client, scriptedAgent(script, ['bash', 'ask_human']));
    const run = await client.runs.create({ agent, input: 'go' });
    const task = await until('the question', async () => {
      const { items } = await client.humanTasks.list({ runId: run.id, status: 'open' }).page();
      return items[0];
    });
    await until('the sandbox to be gone', async () => (await containersOf(stack, run.id)) === 0);
    await client.humanTasks.decide(task.id, { kind: 'answer', value: 'yes' });
    expect(await client.runs.wait(run.id)).toMatchObject({ status: 'succeeded' });
    const [, , after] = await resultsOf(client, run.id);
    expect(after).toMatchObject({
      stdout: 'before\n',
      exitCode: 1,
      note: expect.stringContaining('sandbox is new'),
    });
  }, 60_000);

  test('is told when its container is lost, and goes on with the files of the last command', async () => {
    const script = [
      callOf(1, 'bash', { command: 'echo one > kept' }),
      callOf(2, 'bash', { command: 'echo two > lost; sleep 60', timeoutSeconds: 90 }),
      callOf(3, 'bash', { command: 'ls' }),
      { say: 'done' },
    ];
    const agent = await createAgent(client, scriptedAgent(script, ['bash']));
    const run = await client.runs.create({ agent, input: 'go' });
    const store = createSandboxStore(stack.schema.database);
    const of = { workspaceId: stack.workspaceId, runId: run.id };
    await until('the first command', async () => (await store.commands(of, { limit: 1 })).items[0]);
    const [sandbox] = await store.list(of);
    const container = docker.getContainer(`holdfast-${sandbox?.id ?? ''}`);
    // A step that has started is not a command yet: one that finds no container gets another.
    await until('the second command', async () => {
      const { Processes } = (await container.top()) as { readonly Processes: readonly string[][] };
      return Processes.some((columns) => columns.at(-1) === 'sleep 60');
    });
    await container.remove({ force: true });
    expect(await client.runs.wait(run.id)).toMatchObject({ status: 'succeeded' });
    const results = await resultsOf(client, run.id);
    expect(JSON.stringify(results[1])).toContain('killed');
    expect(results[2]).toMatchObject({ stdout: 'kept\n', note: expect.stringContaining('new') });
    await until('the second one to be freed', async () => {
      const deaths = (await store.list(of)).map(({ died }) => died);
      return deaths.join() === 'killed,evicted';
    });
  }, 60_000);

  test('reaches the hosts of its list and no others, and each request is in the audit', async () => {
    const fetched = (host: string): string =>
      `curl -s -o /dev/null -w '%{http_code} ' http://${host}:${port}/ || true`;
    const command = `${fetched('127.0.0.2')}; ${fetched('127.0.0.3')}`;
    const spec = scriptedAgent([callOf(1, 'bash', { command }), { say: 'done' }], ['bash']);
    const network = { allow: [`127.0.0.2:${port}`] };
    const agent = await createAgent(client, { ...spec, sandbox: { image: 'base', network } });
    const run = await client.runs.create({ agent, input: 'go' });
    await client.runs.wait(run.id);
    expect(await resultsOf(client, run.id)).toMatchObject([{ stdout: '204 403 ' }]);
    const requests = await until('the audit', async () => {
      const { items } = await client.audit.networkRequests(run.id).page();
      return items.length === 2 && items;
    });
    expect(requests).toMatchObject([
      { host: '127.0.0.2', allowed: true, stepId: expect.stringMatching(/./) },
      { host: '127.0.0.3', allowed: false },
    ]);
  }, 60_000);

  test('never gets a weaker sandbox than its workspace allows', async () => {
    await client.workspace.update({ sandboxMinLevel: 'microvm' });
    const spec = scriptedAgent([callOf(1, 'bash', { command: 'true' }), { say: 'done' }], ['bash']);
    const run = await client.runs.create({ agent: await createAgent(client, spec), input: 'go' });
    await client.runs.wait(run.id);
    await client.workspace.update({ sandboxMinLevel: 'process' });
    expect(await containersOf(stack, run.id)).toBe(0);
    expect(await resultsOf(client, run.id)).toMatchObject([
      { error: { code: 'sandbox.level_unavailable' } },
    ]);
  }, 60_000);
});

describeUnless(
  processes.ok ? null : processes.evidence.join('; '),
  'a run on a machine without Docker',
  () => {
    test('has its sandbox as processes, and leaves none', async () => {
      const stack = await startStack({ HOLDFAST_SANDBOXES: 'process' });
      const script = [callOf(1, 'bash', { command: 'id -u; echo kept > file' }), { say: 'done' }];
      const agent = await createAgent(stack.client, scriptedAgent(script, ['bash']));
      const run = await stack.client.runs.create({ agent, input: 'go' });
      await stack.client.runs.wait(run.id);
      expect(await resultsOf(stack.client, run.id)).toMatchObject([
        { stdout: '1000\n', changedFiles: ['file'] },
      ]);
      const store = createSandboxStore(stack.schema.database);
      const of = { workspaceId: stack.workspaceId, runId: run.id };
      const record = await until('its end', async () => {
        const [found] = await store.list(of);
        return found?.state === 'dead' && found;
      });
      expect(record).toMatchObject({ level: 'process', died: 'evicted' });
      await stack.stop();
    }, 60_000);
  },
);

describeUnless(
  reason ?? (processes.ok ? null : processes.evidence.join('; ')),
  'a run whose tools name levels of sandboxes',
  () => {
    let stack: Stack;
    beforeAll(async () => {
      stack = await startStack(env);
    }, 60_000);
    afterAll(() => stack.stop());

    /** Each command of the audit: at which level it ran. */
    async function run() {
      const { client } = stack;
      const script = [
        callOf(1, 'bash', { command: 'cat /etc/hostname > from-bash; ls' }),
        callOf(2, 'run_code', { language: 'python', code: CODE }),
        callOf(3, 'bash', { command: 'cat from-code' }),
        { say: 'done' },
      ];
      const tools = [
        { name: 'bash', approval: 'never', sandboxLevel: 'process' },
        { name: 'run_code', approval: 'never', sandboxLevel: 'docker' },
      ] as const;
      const spec = { ...scriptedAgent(script), tools };
      const started = await client.runs.create({
        agent: await createAgent(client, spec),
        input: '',
      });
      expect(await client.runs.wait(started.id)).toMatchObject({ status: 'succeeded' });
      const { items } = await client.audit.commands(started.id).page();
      expect(await client.audit.verify(started.id)).toMatchObject({ valid: true });
      const results = await resultsOf(client, started.id);
      return { levels: items.map(({ level }) => level), results };
    }

    const CODE = 'import os\nopen("from-code", "w").write("code")\nsorted(os.listdir())';

    test('has one of each, and each sees the files of the other', async () => {
      const { levels, results } = await run();
      expect(levels).toEqual(['process', 'docker', 'process']);
      expect(results).toMatchObject([
        { exitCode: 0, stdout: 'from-bash\n', changedFiles: ['from-bash'] },
        { exitCode: 0, stdout: "['from-bash', 'from-code']\n", changedFiles: ['from-code'] },
        { exitCode: 0, stdout: 'code' },
      ]);
      for (const result of results) expect(result).not.toHaveProperty('note');
    }, 60_000);

    test('has none that is weaker than its workspace allows', async () => {
      await stack.client.workspace.update({ sandboxMinLevel: 'docker' });
      const { levels } = await run();
      await stack.client.workspace.update({ sandboxMinLevel: 'process' });
      expect(levels).toEqual(['docker', 'docker', 'docker']);
    }, 60_000);
  },
);

describeUnless(reason, 'a worker killed with -9 during a command', () => {
  let stack: SplitStack;

  beforeAll(async () => {
    stack = await splitStack(env);
  }, 60_000);
  afterAll(() => stack.stop());

  test('leaves it running: the next worker has all of its output, and it ran once', async () => {
    const api = await stack.startApi();
    const client = stack.client(api.url);
    const doomed = await stack.startWorker();
    const command =
      'echo start >> runs.txt; for i in $(seq 20); do echo "line $i"; sleep 1; done; wc -l < runs.txt';
    const script = [callOf(1, 'bash', { command, timeoutSeconds: 60 }), { say: 'done' }];
    const agent = await createAgent(client, scriptedAgent(script, ['bash']));
    const run = await client.runs.create({ agent, input: 'go' });
    await until('a sandbox', async () => (await containersOf(stack, run.id)) > 0, 30_000);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await doomed.kill();
    const next = await stack.startWorker();
    const ended = await client.runs.wait(run.id);
    expect(ended.status).toBe('succeeded');
    const [result] = await resultsOf(client, run.id);
    const lines = oneTo(20).map((i) => `line ${i}\n`);
    expect(result).toMatchObject({ exitCode: 0, stdout: `${lines.join('')}1\n` });
    const { items: commands } = await client.audit.commands(run.id).page();
    expect(commands).toHaveLength(1);
    await next.stop();
    await api.process.stop();
  }, 120_000);
});
