import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createSandboxStore } from '../../db/stores/sandbox-store.ts';
import { reap } from '../../adapters/sandbox/pool/reap.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { startProcess } from '../harness/processes.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { openBench } from './docker-fixture.ts';
import { findLeftovers, volumesOf, watchContainers, type Installation } from './leftovers.ts';
import { RUN_ENDINGS, STATUS_AFTER, createRunEnder, type RunEnder } from './run-endings.ts';

const { reason, socketPath, docker } = await dockerForTests(['base', 'python']);

const ASKED = process.env['HOLDFAST_LEAK_RUNS'];
/** Many runs wait for the workers' own reaper as well, which comes twice a minute. */
const IS_PATIENT = ASKED !== undefined;
const COUNT = Number(ASKED ?? 8);
const AT_A_TIME = 4;
const WARM = 2;
const MINUTE_MS = 60_000;
/** Nothing is reaped in its first minute; what a killed worker kept warm lives for three. */
const REAPED_WITHIN_MS = 6 * MINUTE_MS;
const PASSES = 6;
/** With any, control groups are looked after. */
const CEILINGS = { sandboxes: 1, memoryMb: 64, cpus: 1, pids: 64 };

const startedAt = Date.now();
function log(line: string): void {
  if (!IS_PATIENT) return;
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
  process.stderr.write(`[${seconds.padStart(6)} s] ${line}\n`);
}

/** A few at a time; `atHalf` is called once in between and not waited for. */
async function endAll(ender: RunEnder, atHalf: () => Promise<void>): Promise<readonly string[]> {
  const wrong: string[] = [];
  let next = 0;
  let half: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let index = next++; index < COUNT; index = next++) {
      if (index === Math.floor(COUNT / 2)) half = atHalf();
      const ending = RUN_ENDINGS[index % RUN_ENDINGS.length] ?? 'success';
      const { id, status, error } = await ender.end(ending);
      if (status !== STATUS_AFTER[ending]) {
        wrong.push(`${id} (${ending}) is ${status}: ${JSON.stringify(error)}`);
      }
      if (index % 20 === 19) log(`${index + 1} runs`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  await half;
  return wrong;
}

/** Whether no run has had the sandbox of that folder: it waits for one. */
async function isSpare(folder: string): Promise<boolean> {
  const record = await readFile(`${folder}.json`, 'utf8').catch(() => '{}');
  return (JSON.parse(record) as { readonly runId?: string | null }).runId === null;
}

/** What the living worker's reaper leaves, but for what that worker itself keeps warm. */
async function waitForReaper(of: Installation): Promise<readonly string[]> {
  const until = Date.now() + REAPED_WITHIN_MS;
  let seen = '';
  for (;;) {
    const found = await findLeftovers(of);
    const kinds = Object.entries(Object.groupBy(found, (line) => line.split(' ')[0] ?? ''));
    const counts = kinds.map(([kind, lines]) => `${lines?.length ?? 0} ${kind}`).join(', ');
    if (counts !== seen) log(`there: ${counts}`);
    seen = counts;
    const ofSandboxes = kinds.filter(([kind]) => kind !== 'cgroup');
    const isFew = ofSandboxes.every(([, lines]) => (lines?.length ?? 0) <= WARM);
    const folders = found.filter((line) => line.startsWith('folder '));
    const spare = await Promise.all(folders.map((line) => isSpare(line.slice('folder '.length))));
    if (isFew && !spare.includes(false)) return [];
    if (Date.now() > until) return found;
    await sleep(1_000);
  }
}

/** What a reaper leaves that comes later, when nobody is at work any more. */
async function reapLater(of: Installation): Promise<readonly string[]> {
  const { installation, folder } = of;
  await using bench = await openBench(socketPath, { installation, socketFolder: folder });
  let left: readonly string[] = ['never looked'];
  for (let pass = 0; pass < PASSES && left.length > 0; pass += 1) {
    await sleep(pass * 500);
    for (const minutes of [10, 300]) {
      const now = Date.now() + minutes * MINUTE_MS;
      const driver = bench.open({ ceilings: CEILINGS });
      await reap({ driver, now, isWanted: async () => false });
    }
    const names = (await readdir(folder)).map((name) => `file or folder ${name}`);
    left = [...(await findLeftovers(of)), ...names];
  }
  return left;
}

/** Of its sandboxes that are containers. */
function folderOf({ env }: Stack): string {
  return path.join(env['HOLDFAST_SANDBOX_FOLDER'] ?? '', 'd');
}

/** Answers with what went wrong. One of two workers is killed while runs are at work. */
async function runAll(stack: Stack, mark: string): Promise<readonly string[]> {
  const { client, env, schema, workspaceId } = stack;
  const store = createSandboxStore(schema.database);
  const folder = folderOf(stack);
  // One that waited in advance keeps the name that it had then.
  const containerOf = async (id: string): Promise<string> =>
    readFile(path.join(folder, `${id}.id`), 'utf8').catch(() => 'none');
  const hasSandbox = async (runId: string): Promise<boolean> => {
    const sandboxes = await store.list({ workspaceId, runId });
    const names = await Promise.all(sandboxes.map(({ id }) => containerOf(id)));
    const filters = { name: names.map((name) => `holdfast-${name}`) };
    return names.length > 0 && (await docker.listContainers({ filters })).length > 0;
  };
  const [doomed, ender] = await Promise.all([
    startProcess({
      ...{ file: 'start/main.ts', args: ['--only', 'worker'], env },
      ready: (line) => (line.includes('worker is ready') ? true : null),
    }),
    createRunEnder(client, mark, hasSandbox),
  ]);
  log('ready');
  try {
    return await endAll(ender, async () => {
      await doomed.process.kill();
      log('killed a worker');
    });
  } finally {
    await doomed.process.kill();
    log('all runs have ended');
  }
}

describeUnless(reason, 'of runs with sandboxes, however they end,', () => {
  test(
    'no container, volume, process, socket, folder or control group is left',
    async () => {
      const root = await mkdtemp(path.join(tmpdir(), 'hfl-'));
      const mark = `3600.${process.pid}${Date.now()}`;
      const volumesBefore = new Set(await volumesOf(docker));
      const stack = await startStack({
        DOCKER_HOST: `unix://${socketPath}`,
        HOLDFAST_SANDBOX_FOLDER: root,
        HOLDFAST_SANDBOXES: 'docker',
        HOLDFAST_SANDBOX_WARM: String(WARM),
      });
      const label = `dev.holdfast.workspace=${stack.workspaceId}`;
      await using made = await watchContainers(docker, label);
      const left: string[] = [];
      let isStopped = false;
      try {
        expect(await runAll(stack, mark)).toEqual([]);
        const installation = made.installation ?? '';
        const of = { docker, installation, folder: folderOf(stack), mark };
        log(`${made.ids.length} containers were made`);
        if (IS_PATIENT) left.push(...(await waitForReaper({ ...of, containerIds: made.ids })));
        await stack.stop();
        isStopped = true;
        const now = await findLeftovers({ ...of, containerIds: made.ids });
        if (IS_PATIENT) left.push(...now.filter((line) => !line.startsWith('cgroup ')));
        left.push(...(await reapLater({ ...of, containerIds: made.ids })));
      } finally {
        if (!isStopped) await stack.stop();
        await rm(root, { recursive: true, force: true });
      }
      const volumes = (await volumesOf(docker)).filter((name) => !volumesBefore.has(name));
      expect([...left, ...volumes.map((name) => `volume ${name}`)]).toEqual([]);
      expect(made.ids.length).toBeGreaterThanOrEqual(COUNT);
    },
    IS_PATIENT ? 60 * MINUTE_MS : 2 * MINUTE_MS,
  );
});
