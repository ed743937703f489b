import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { repeat, timed, type Samples } from './samples.ts';
import type { Command, ExecRequest, Sandbox } from '../../adapters/sandbox/port.ts';
import type Docker from 'dockerode';

const DEADLINE_MS = 60_000;
const MIB = 1024 * 1024;
const OUTPUT_BYTES = 48 * MIB;
/** So many commands of ours to one of Docker's: its exec is that much slower. */
const PER_ROUND = 5;

/** Starts a command whose output is kept whole. */
export function start(
  sandbox: Sandbox,
  argv: readonly string[],
  changes: Partial<ExecRequest> = {},
): Promise<Command> {
  const commandId = randomUUID();
  const bounds = { deadlineMs: DEADLINE_MS, maxOutputBytes: 2 * OUTPUT_BYTES };
  return sandbox.exec({ commandId, argv, ...bounds, ...changes });
}

/** Runs a command and waits until all of its output is here; answers with how much that was. */
export async function runWhole(sandbox: Sandbox, argv: readonly string[]): Promise<number> {
  await using command = await start(sandbox, argv);
  let size = 0;
  for await (const { bytes } of command.output) size += bytes.length;
  const { end, exitCode } = await command.result;
  if (end !== 'exit' || exitCode !== 0) throw new Error(`${argv.join(' ')}: ${end} ${exitCode}`);
  return size;
}

/** Runs a command until it has said something. */
export async function untilFirstByte(sandbox: Sandbox): Promise<void> {
  const command = await start(sandbox, ['echo', 'hello']);
  for await (const _ of command.output) break;
  await command[Symbol.asyncDispose]();
}

/** The same as `runWhole` through `docker exec`. */
async function dockerExec(container: Docker.Container, argv: readonly string[]): Promise<number> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: false, stdin: false });
  let size = 0;
  stream.on('data', (bytes: Buffer) => (size += bytes.length));
  await finished(stream, { writable: false });
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`docker exec ${argv.join(' ')}: ${ExitCode}`);
  return size;
}

/** What the machine itself needs for a process, beside which the others can be judged. */
async function plainProcess(): Promise<void> {
  await once(spawn('true', { stdio: ['ignore', 'pipe', 'pipe'] }), 'close');
}

/** Commands that do nothing: through the runner, attached to, and through `docker exec`. */
export async function measureExec(
  sandbox: Sandbox,
  container: Docker.Container | null,
  rounds: number,
): Promise<readonly Samples[]> {
  const exec: number[] = [];
  const firstByte: number[] = [];
  const attach: number[] = [];
  const docker: number[] = [];
  const plain: number[] = [];
  await using sleeper = await start(sandbox, ['sleep', '600'], { deadlineMs: 600_000 });
  await repeat(PER_ROUND, () => runWhole(sandbox, ['true']));
  await repeat(rounds, async () => {
    exec.push(...(await repeat(PER_ROUND, () => timed(() => runWhole(sandbox, ['true'])))));
    firstByte.push(...(await repeat(PER_ROUND, () => timed(() => untilFirstByte(sandbox)))));
    attach.push(await timed(async () => (await sandbox.attach(sleeper.id))[Symbol.asyncDispose]()));
    plain.push(...(await repeat(PER_ROUND, () => timed(plainProcess))));
    if (container !== null) docker.push(await timed(() => dockerExec(container, ['true'])));
  });
  await sleeper.signal('SIGKILL');
  return [
    { what: 'exec, to its result', unit: 'ms', values: exec },
    { what: 'exec, to its first byte', unit: 'ms', values: firstByte },
    { what: 'attach to a running command', unit: 'ms', values: attach },
    { what: 'a process of Node, to its end', unit: 'ms', values: plain },
    ...(container === null
      ? []
      : [{ what: '`docker exec`, to its result', unit: 'ms' as const, values: docker }]),
  ];
}

/** Ten commands at the same time, for the latency of the last. */
export async function measureParallelExec(
  sandbox: Sandbox,
  container: Docker.Container | null,
  rounds: number,
): Promise<readonly Samples[]> {
  const ten = (work: () => Promise<unknown>) =>
    timed(() => Promise.all(Array.from({ length: 10 }, work)));
  const ours = await repeat(rounds, () => ten(() => runWhole(sandbox, ['true'])));
  const samples: Samples[] = [{ what: '10 execs at the same time', unit: 'ms', values: ours }];
  if (container !== null) {
    const theirs = await repeat(Math.ceil(rounds / 4), () =>
      ten(() => dockerExec(container, ['true'])),
    );
    samples.push({ what: '10 `docker exec` at the same time', unit: 'ms', values: theirs });
  }
  return samples;
}

/** How fast much output arrives. */
export async function measureOutput(
  sandbox: Sandbox,
  container: Docker.Container | null,
  rounds: number,
): Promise<readonly Samples[]> {
  const argv = ['head', '-c', String(OUTPUT_BYTES), '/dev/zero'];
  const perSecond = async (work: () => Promise<number>): Promise<number> => {
    const ms = await timed(async () => {
      const size = await work();
      if (size < OUTPUT_BYTES) throw new Error(`only ${size} bytes arrived`);
    });
    return OUTPUT_BYTES / 1e6 / (ms / 1000);
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  await repeat(rounds, async () => {
    ours.push(await perSecond(() => runWhole(sandbox, argv)));
    if (container !== null) theirs.push(await perSecond(() => dockerExec(container, argv)));
  });
  return [
    { what: 'output, 48 MiB', unit: 'MB/s', values: ours },
    ...(container === null
      ? []
      : [{ what: 'output of `docker exec`, 48 MiB', unit: 'MB/s' as const, values: theirs }]),
  ];
}
