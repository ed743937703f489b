import { afterAll } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from '../../contracts/sandbox.ts';
import type { RunnerEndpoint } from '../../adapters/sandbox/runner/connector.ts';
import {
  connectRunner,
  type RunnerConnection,
} from '../../adapters/sandbox/runner/runner-client.ts';
import type { Command, ExecRequest, SandboxDeath } from '../../adapters/sandbox/port.ts';
import { until } from '../harness/until.ts';
import { startHub, type Hub } from './runner-hub.ts';

const RUNNER = fileURLToPath(
  new URL('../../sandbox-images/runner/holdfast_runner.py', import.meta.url),
);

/** The system's own: version managers put a slow script in front of theirs. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** As in the images: compiled once, not at every start. */
const COMPILED = join(tmpdir(), `hf-runner-${process.pid}.pyc`);
const COMPILE = `import py_compile, sys
sys.exit(sys.version_info < (3, 9) or not py_compile.compile(*sys.argv[1:], doraise=True))`;

/** Why no runner can be started here; null if it can. */
export const NO_RUNNER =
  spawnSync(PYTHON, ['-I', '-c', COMPILE, RUNNER, COMPILED]).status === 0
    ? null
    : 'python3 (3.9 or later) is not installed.';
afterAll(() => rmSync(COMPILED, { force: true }));

/** A runner as a plain process, without a sandbox around it. */
export interface TestRunner extends AsyncDisposable {
  readonly pid: number;
  readonly folder: string;
  readonly socketPath: string;
  readonly workspace: string;
  readonly exited: Promise<number | null>;
  readonly died: Promise<SandboxDeath>;
  connect(endpoint?: RunnerEndpoint): Promise<RunnerConnection>;
  /** Its standard streams, for several clients; once, and with `--stdio`. */
  hub(): Hub;
}

/** Starts a runner with a folder of its own; `args` are added to its own. As that user, if one is given. */
export function startRunner(args: readonly string[] = [], uid?: number): TestRunner {
  const folder = mkdtempSync(join(tmpdir(), 'hf-runner-'));
  const workspace = join(folder, 'workspace');
  const socketPath = join(folder, 'runner.sock');
  mkdirSync(workspace);
  if (uid !== undefined) for (const each of [folder, workspace]) chownSync(each, uid, uid);
  const own = ['--workspace', workspace, '--spool', join(folder, 'spool')];
  const ttl = args.includes('--ttl-ms') ? [] : ['--ttl-ms', '120000', '--max-ttl-ms', '240000'];
  const where = args.includes('--stdio') ? [] : ['--socket', socketPath];
  const child = spawn(PYTHON, ['-I', COMPILED, ...own, ...ttl, ...where, ...args], {
    stdio: [args.includes('--stdio') ? 'pipe' : 'ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const died = exited.then((code): SandboxDeath => {
    return { reason: code === 124 ? 'ttl' : 'killed', detail: `exit ${code}` };
  });
  const connections: RunnerConnection[] = [];
  return {
    pid: child.pid ?? 0,
    folder,
    socketPath,
    workspace,
    exited,
    died,
    connect: async (endpoint) => {
      const chosen = endpoint ?? toEndpoint(child, socketPath);
      const connection = await connectRunner({ endpoint: chosen, died, readyMs: 20_000 });
      connections.push(connection);
      return connection;
    },
    hub: () => {
      if (child.stdin === null || child.stdout === null) throw new Error('started without --stdio');
      return startHub(child.stdin, child.stdout);
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) await connection[Symbol.asyncDispose]();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function toEndpoint(child: ChildProcess, socketPath: string): RunnerEndpoint {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) return { socketPath };
  return { open: async () => ({ stream: Duplex.from({ writable: stdin, readable: stdout }) }) };
}

/** A request with what most tests do not care about. */
export function toRequest(
  commandId: string,
  argv: readonly string[],
  more: Partial<ExecRequest> = {},
): ExecRequest {
  return { commandId, argv, deadlineMs: 60_000, maxOutputBytes: 100_000_000, ...more };
}

/** A shell script as arguments. */
export function shell(script: string): readonly string[] {
  return ['sh', '-c', script];
}

/** What a finished command wrote, and how it ended. */
export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly result: CommandResult;
}

/** Reads a command to its end. */
export async function finish(command: Command): Promise<Outcome> {
  const pieces: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  for await (const { stream, bytes } of command.output) pieces[stream].push(bytes);
  return {
    stdout: Buffer.concat(pieces.stdout),
    stderr: Buffer.concat(pieces.stderr),
    result: await command.result,
  };
}

/** A wire that can be cut: a socket in front of the runner's. */
export interface Wire extends AsyncDisposable {
  readonly socketPath: string;
  /** Ends all connections; later ones are carried again. */
  cut(): void;
}

/** Puts a wire in front of a runner. */
export async function startWire(runner: TestRunner): Promise<Wire> {
  const socketPath = join(runner.folder, 'wire.sock');
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect({ path: runner.socketPath });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    socketPath,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    // A zombie counts as gone: it only waits to be reaped.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

/** Reads a process's number from a file, as soon as it is there. */
export async function pidFrom(file: string): Promise<number> {
  await until('the number', () => existsSync(file) && readFileSync(file, 'utf8').trim() !== '');
  return Number(readFileSync(file, 'utf8'));
}

/** Lowercase hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where tests' scripts write a number to. */
export function pidFile(runner: TestRunner): string {
  return join(runner.workspace, 'pid');
}
