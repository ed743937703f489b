import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { createEgressProxy } from '../adapters/sandbox/egress/proxy.ts';
import { createProcessDriver } from '../adapters/sandbox/process/process-driver.ts';
import { connect, findSocket } from '../scripts/sandbox-images/docker-connection.ts';
import { openBench, specOf } from '../tests/sandbox/docker-fixture.ts';
import { huntLeaks } from '../tests/sandbox/leak-hunt.ts';
import { withBenchTools, type BenchTools } from './bench-tools.ts';
import { measureExec, measureOutput, measureParallelExec } from './sandbox/commands.ts';
import { measureFiles } from './sandbox/files.ts';
import { measureMemory } from './sandbox/memory.ts';
import { parseSandboxOptions, type SandboxBenchOptions } from './sandbox/options.ts';
import { ratiosTable, samplesTable, sandboxAims } from './sandbox/report.ts';
import { measureCold, measureParallelStarts, measureWarm } from './sandbox/starts.ts';
import type { Samples } from './sandbox/samples.ts';
import type { SandboxDriver, SandboxSpec } from '../adapters/sandbox/port.ts';
import type { DriverBench } from '../tests/sandbox/docker-fixture.ts';

const LIMITS = { memoryMb: 512, cpus: 1, pids: 128, diskMb: 128 };
/** Room for the output that the runner keeps. */
const ROOMY = { memoryMb: 1024, cpus: 2, pids: 128, diskMb: 256 };

function newSpec(changes: Partial<SandboxSpec> = {}): SandboxSpec {
  return specOf({ limits: LIMITS, ttlMs: 600_000, maxTtlMs: 3_600_000, ...changes });
}

/** What all drivers can; beside `docker exec` where there is a socket of Docker. */
async function measureDriver(
  driver: SandboxDriver,
  socketPath: string | null,
  { quick }: SandboxBenchOptions,
): Promise<Samples[]> {
  const rows: Samples[] = [];
  rows.push(...(await measureCold(driver, newSpec, quick ? 5 : 30)));
  rows.push(...(await measureParallelStarts(driver, newSpec, quick ? 1 : 5)));
  rows.push(...(await measureMemory(driver, newSpec, quick ? 3 : 10)));
  const sandbox = await driver.create(newSpec({ limits: ROOMY }));
  const container =
    socketPath === null ? null : connect(socketPath).getContainer(`holdfast-${sandbox.id}`);
  rows.push(...(await measureExec(sandbox, container, quick ? 10 : 60)));
  rows.push(...(await measureParallelExec(sandbox, container, quick ? 4 : 20)));
  rows.push(...(await measureOutput(sandbox, container, quick ? 3 : 10)));
  rows.push(...(await measureFiles(sandbox, quick ? 3 : 10)));
  await sandbox.kill();
  return rows;
}

async function measureDocker(
  bench: DriverBench,
  socketPath: string,
  options: SandboxBenchOptions,
): Promise<Samples[]> {
  const driver = bench.open();
  const rows = await measureDriver(driver, socketPath, options);
  return [...rows, ...(await measureWarm(driver, newSpec, options.quick ? 8 : 30))];
}

/** Null, with the reason on standard error, where this machine has no such sandboxes. */
async function measureProcesses(
  options: SandboxBenchOptions,
  { closing, log }: BenchTools,
): Promise<Samples[] | null> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hfp-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  // A sandbox's user passes through it.
  await chmod(folder, 0o711);
  const driver = createProcessDriver({ socketFolder: folder, egress: createEgressProxy() });
  closing.use(driver);
  const { ok, evidence } = await driver.probe();
  if (ok) return measureDriver(driver, null, options);
  log(`no process sandboxes here, not measured: ${evidence.join('; ')}`);
  return null;
}

async function measureAll(options: SandboxBenchOptions, tools: BenchTools): Promise<void> {
  const { closing, log, print } = tools;
  const socketPath = await findSocket(process.env);
  if (socketPath === undefined) throw new Error('no Docker daemon: npm run doctor says why');
  const bench = closing.use(await openBench(socketPath));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  print([
    '## Sandboxes',
    `- machine: ${machine}; load before: ${loadavg()[0]?.toFixed(1) ?? '?'}\n- image \`base\`, ${JSON.stringify(LIMITS)}; everything from this process, one driver`,
  ]);
  log('Docker');
  const rows = await measureDocker(bench, socketPath, options);
  print(['### Docker', samplesTable(rows), ratiosTable(rows)]);
  print(['### Aims', sandboxAims(rows)]);
  log('processes');
  const processes = await measureProcesses(options, tools);
  if (processes !== null) print(['### Processes', samplesTable(processes)]);
}

async function lookForLeaks(count: number, { log, print }: BenchTools): Promise<void> {
  const socketPath = await findSocket(process.env);
  if (socketPath === undefined) throw new Error('no Docker daemon: npm run doctor says why');
  const docker = connect(socketPath);
  const { made, leftovers } = await huntLeaks({ socketPath, docker, count, log });
  const list = leftovers.map((leftover) => `- ${leftover}`);
  print([`${made} sandboxes made and lost, ${leftovers.length} things left`, ...list]);
  if (leftovers.length > 0) process.exitCode = 1;
}

const options = parseSandboxOptions(process.argv.slice(2));
await withBenchTools((tools) =>
  options.leaks === null ? measureAll(options, tools) : lookForLeaks(options.leaks, tools),
);
process.exit();
