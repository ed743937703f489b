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
import type { Duplex } from 'node:stream';
import { AppError } from '../../../contracts/app-error.ts';
import type { Sandbox, SandboxDeath, SandboxMetrics } from '../port.ts';

/** Where a runner listens: its socket on this machine, or streams to its standard input and output. */
export type RunnerEndpoint =
  { readonly socketPath: string } | { readonly open: () => Promise<Duplex> };

/** How to reach a runner. */
export interface RunnerOptions {
  readonly endpoint: RunnerEndpoint;
  /** Of the driver: everything that waits rejects with `sandbox.lost` and its reason. */
  readonly died: Promise<SandboxDeath>;
  /** How long it may take to come up; `sandbox.unavailable` after that. */
  readonly readyMs?: number;
  /** How long a lost connection is tried again before calls fail with `sandbox.unavailable`. */
  readonly reconnectMs?: number;
}

/** A connection to a runner; disposing of it disconnects, the sandbox lives on. */
export interface RunnerConnection extends AsyncDisposable {
  /** What a driver takes over as it is. */
  readonly parts: Pick<Sandbox, 'exec' | 'attach' | 'files' | 'dial' | 'extend'>;
  /** What the runner sees; the network's bytes are counted by the proxy. */
  metrics(): Promise<Omit<SandboxMetrics, 'networkBytes'>>;
  /** Resolves if the runner said why it ends, before it does: a hint, as all that comes from inside. */
  readonly goodbye: Promise<'ttl' | 'terminated'>;
}

/** Connects to a runner that is there or about to come up. */
export async function connectRunner(_options: RunnerOptions): Promise<RunnerConnection> {
  throw new AppError('sandbox.unavailable', 'the runner client is not there yet');
}
