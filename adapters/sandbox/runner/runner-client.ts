/**
 * The host's side of the runner inside a sandbox.
 *
 * A driver starts the container or process whose first process is
 * `python3 -I holdfast_runner.py --socket /run/holdfast/runner.sock --workspace /workspace
 * --ttl-ms N --max-ttl-ms N [--egress /run/holdfast/egress.sock --proxy-port 3128]
 * [--spool /tmp/.holdfast] [--refuse-inside]`, then calls `connectRunner` and adds `id`, `image`,
 * `died`, `pause`, `resume`, `updateNetwork`, `kill` and the proxy's `networkBytes` to its answer:
 *
 *   const runner = await connectRunner({ endpoint: { socketPath }, died, readyMs: 10_000 });
 *   return { id, image, died, ...runner.parts, metrics: async () => ({ ...(await runner.metrics()),
 *     networkBytes: proxy.bytes() }), pause, resume, updateNetwork, kill,
 *     [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
 *
 * `--refuse-inside` closes the socket to processes of the runner's own process namespace; give it
 * wherever host and sandbox have different ones. The runner's exit status tells how it ended: 124
 * for its time to live, 143 after SIGTERM, 137 when something killed it.
 */
import { AppError } from '../../../contracts/app-error.ts';
import type { ExecRequest, OutputOffsets, Sandbox, SandboxMetrics } from '../port.ts';
import { Connector, type RunnerOptions } from './connector.ts';
import { dial } from './dial.ts';
import { ask } from './exchange.ts';
import { countOf, parseObject, toMetrics } from './parse.ts';
import { followCommand, type CommandStart } from './runner-command.ts';
import { createRunnerFiles } from './runner-files.ts';
import { toSpecHash } from './spec-hash.ts';

/** A connection to a runner; disposing of it disconnects, the sandbox lives on. */
export interface RunnerConnection extends AsyncDisposable {
  /** What a driver takes over as it is. */
  readonly parts: Pick<Sandbox, 'exec' | 'attach' | 'files' | 'dial' | 'extend'>;
  /** What the runner sees; the network's bytes are counted by the proxy. */
  metrics(): Promise<Omit<SandboxMetrics, 'networkBytes'>>;
  /** Resolves if the runner said why it ends, before it does: a hint, as all that comes from inside. */
  readonly goodbye: Promise<'ttl' | 'terminated'>;
}

const COMMAND_ID = /^[A-Za-z0-9_.:-]{1,128}$/;
const START: OutputOffsets = { stdout: 0, stderr: 0 };

/** Connects to a runner that is there or about to come up. */
export async function connectRunner(options: RunnerOptions): Promise<RunnerConnection> {
  const connector = new Connector(options);
  await connector.ready();
  return {
    parts: {
      exec: async (request) => followCommand(connector, toStart(request)),
      attach: async (commandId, from = START) =>
        followCommand(connector, {
          id: requireId(commandId),
          request: { op: 'attach', id: commandId },
          from,
          deadlineMs: null,
          maxOutputBytes: Number.MAX_SAFE_INTEGER,
          stdin: null,
          openStdin: true,
        }),
      files: createRunnerFiles(connector),
      dial: (port) => dial(connector, port),
      extend: (ttlMs) =>
        connector.run((link) =>
          ask(link, { op: 'extend', ttlMs }, (payload) => {
            return new Date(Date.now() + countOf(parseObject(payload), 'leftMs'));
          }),
        ),
    },
    metrics: () => connector.run((link) => ask(link, { op: 'stats' }, toMetrics)),
    goodbye: connector.goodbye,
    [Symbol.asyncDispose]: async () => {
      connector.end(new AppError('sandbox.unavailable', 'disconnected from the sandbox'));
    },
  };
}

function requireId(id: string): string {
  if (COMMAND_ID.test(id)) return id;
  throw new AppError('request.invalid', `no id of a command: ${id.slice(0, 200)}`);
}

function toStart(request: ExecRequest): CommandStart {
  const { argv, cwd, env, stdin, openStdin, deadlineMs, maxOutputBytes } = request;
  const id = requireId(request.commandId);
  return {
    id,
    request: {
      op: 'exec',
      id,
      hash: toSpecHash(request),
      argv,
      cwd: cwd ?? '',
      env: env ?? {},
      stdin: stdin !== undefined || openStdin === true,
      deadlineMs,
      maxOutputBytes,
    },
    from: request.from ?? START,
    deadlineMs,
    maxOutputBytes,
    stdin: stdin ?? null,
    openStdin: openStdin === true,
  };
}
