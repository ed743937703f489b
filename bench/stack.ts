import { connectClient, type TemporalClient } from '../temporal/connection.ts';
import {
  gearSubject,
  startBenchHoldfast,
  startPlain,
  type BenchHoldfast,
  type Subject,
} from './subjects.ts';
import { startServers, type Servers } from './servers.ts';
import type { BenchOptions } from './options.ts';
import type { BenchTools } from './bench-tools.ts';

/** Everything that a benchmark needs, running. */
export interface BenchStack {
  readonly servers: Servers;
  readonly holdfast: BenchHoldfast;
  readonly step: Subject;
  readonly segment: Subject;
  readonly plain: Subject;
  /** Events in the history of a closed run. */
  historyLength(id: string): Promise<number>;
  /** False when the time of the whole benchmark is over. */
  hasTime(): boolean;
}

/** Starts servers, Holdfast and plain Temporal; `closing` stops what was started. */
export async function startBenchStack(
  options: BenchOptions,
  tools: Pick<BenchTools, 'closing' | 'log'> & { readonly totalMs: number },
): Promise<BenchStack> {
  const { closing, log, totalMs } = tools;
  const servers = await startServers(options, closing, log);
  log('starting Holdfast and plain Temporal');
  const holdfast = await startBenchHoldfast(options, servers);
  closing.defer(holdfast.stop);
  const plain = await startPlain(servers);
  closing.defer(plain.stop);
  const { address, namespace } = servers.temporal;
  const temporal = closing.use(await connectClient({ address, namespace }));
  return {
    servers,
    holdfast,
    step: gearSubject(holdfast, 'step'),
    segment: gearSubject(holdfast, 'segment'),
    plain: plain.subject,
    historyLength: (id) => historyLength(temporal, id),
    hasTime: () => performance.now() < totalMs,
  };
}

async function historyLength({ client }: TemporalClient, id: string): Promise<number> {
  return (await client.workflow.getHandle(id).describe()).historyLength;
}
