import { cpus, loadavg, totalmem } from 'node:os';
import { aimsTable } from './aims.ts';
import {
  idleTables,
  loadedTables,
  measureFirstEvent,
  measureIdle,
  measureLoaded,
} from './lengths.ts';
import { measureThroughput, throughputTables } from './throughput.ts';
import { parseOptions } from './options.ts';
import { planFor } from './plan.ts';
import { profileGear } from './profile-gear.ts';
import { startBenchStack } from './stack.ts';
import { withBenchTools, type BenchTools } from './bench-tools.ts';
import type { BenchOptions, BenchPart } from './options.ts';

async function measureAll(options: BenchOptions, tools: BenchTools): Promise<void> {
  const { closing, log, print } = tools;
  const plan = planFor(options);
  const stack = await startBenchStack(options, { closing, log, totalMs: plan.totalMs });
  print([`## Steps`, description(options, stack.servers.temporal.kind)]);
  const wants = (part: BenchPart): boolean => options.only === null || options.only === part;
  const throughput = wants('throughput') ? await measureThroughput(stack, options, plan) : null;
  if (throughput !== null) print(throughputTables(throughput));
  log('length of runs');
  const loaded = wants('length') ? await measureLoaded(stack, plan) : null;
  if (loaded !== null) print(loadedTables(loaded, plan));
  log('idle latency');
  const idle = wants('idle') ? await measureIdle(stack, plan) : null;
  if (idle !== null) print(idleTables(idle, await measureFirstEvent(stack, plan)));
  print(['### Aims', aimsTable(throughput, idle, loaded)]);
}

function description(options: BenchOptions, temporalKind: string): string {
  const [cpu] = cpus();
  return [
    `- machine: ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; load before: ${rounded(loadavg()[0])}`,
    `- Temporal: ${temporalKind}; PostgreSQL from npm, fsync on`,
    `- Holdfast: API and worker in ${options.split ? 'two processes' : 'one process'}; runs by \`POST /v1/runs\` and \`/wait\` with the SDK in this process`,
    `- plain Temporal: worker and client in one process, eager start, eager activities that do nothing, the same server`,
    `- ${options.runs} runs at concurrency ${options.concurrency}; CPU of all processes by /proc`,
  ].join('\n');
}

function rounded(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(1);
}

const options = parseOptions(process.argv.slice(2));
await withBenchTools((tools) =>
  options.profile ? profileGear(options, tools) : measureAll(options, tools),
);
process.exit(0);
