import { cpuBetween, readThreadCpu } from './cpu-meter.ts';
import { gearSubject, startBenchHoldfast } from './subjects.ts';
import { monotonicUs, readProfiles, type SelfTime, type ThreadProfile } from './cpu-profile.ts';
import { join } from 'node:path';
import { measure } from './measure.ts';
import { readStatements, resetStatements } from './database-counters.ts';
import { startServers } from './servers.ts';
import { table } from './markdown.ts';
import type { BenchOptions } from './options.ts';
import type { BenchTools } from './bench-tools.ts';

const TOP = 40;
const TOP_AREAS = 20;
const WARM_UP_RUNS = 100;
const STATEMENT_CHARS = 140;

/** Shows where API and worker, and the database, spend the time of runs of one gear. */
export async function profileGear(options: BenchOptions, tools: BenchTools): Promise<void> {
  const { closing, log, print } = tools;
  const servers = await startServers(options, closing, log);
  const folder = join(servers.folder, 'profiles');
  const execArgv = ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', folder];
  const holdfast = await startBenchHoldfast(options, servers, execArgv);
  closing.defer(holdfast.stop);
  const { runs, concurrency, gear, steps } = options;
  const subject = gearSubject(holdfast, gear);
  const load = { steps, concurrency, maxMs: 60_000 };
  await subject.drive({ ...load, steps: 10, runs: WARM_UP_RUNS });
  await resetStatements(servers.postgres.url);
  const threadsBefore = readThreadCpu(holdfast.workerPid);
  const fromUs = monotonicUs();
  const measured = await measure(subject, { ...load, runs });
  const toUs = monotonicUs();
  const threads = cpuBetween(threadsBefore, readThreadCpu(holdfast.workerPid));
  const statements = await readStatements(servers.postgres.url);
  // Threads write their profiles when they end.
  await holdfast.stop();
  const perRun = (ms: number): number => ms / measured.runs;
  print([
    `## Profile of ${measured.runs} runs of ${steps} steps, ${subject.name}, Temporal ${servers.temporal.kind}`,
    `${((measured.runs / measured.wallMs) * 1000).toFixed(1)} runs/s, ${perRun(measured.cpuMs).toFixed(1)} CPU ms per run (with profiling)`,
    table(
      ['process', 'CPU ms/run'],
      [...measured.cpu].map(([name, ms]) => [name, perRun(ms)]),
    ),
    '### Threads of the process that works',
    timesTable(
      'thread',
      [...threads].map(([name, ms]) => ({ name, ms })),
      measured.runs,
    ),
    ...readProfiles(folder, { fromUs, toUs }).flatMap((profile) =>
      profileParts(profile, measured.runs),
    ),
    '### Statements',
    table(
      ['statement', 'calls/run', 'ms/run', 'rows/run'],
      statements.map(({ text, calls, totalMs, rows }) => [
        `\`${text.slice(0, STATEMENT_CHARS)}\``,
        perRun(calls),
        perRun(totalMs),
        perRun(rows),
      ]),
    ),
  ]);
}

function profileParts(profile: ThreadProfile, runs: number): readonly string[] {
  if (profile.busyMs < 1) return [];
  return [
    `### Thread ${profile.file.replace(/^CPU\.\d+\.\d+\./, '')}: ${(profile.busyMs / runs).toFixed(2)} ms of JavaScript per run`,
    timesTable('area', profile.places.slice(0, TOP_AREAS), runs),
    timesTable('function', profile.functions.slice(0, TOP), runs),
  ];
}

function timesTable(what: string, times: readonly SelfTime[], runs: number): string {
  const shown = [...times].sort((a, b) => b.ms - a.ms).filter(({ ms }) => ms > 0);
  return table(
    [what, 'ms/run'],
    shown.map(({ name, ms }) => [name, ms / runs]),
  );
}
