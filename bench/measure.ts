import { cpuBetween, readCpu, type CpuReading } from './cpu-meter.ts';
import type { Drove, Load } from './drive.ts';
import type { Subject } from './subjects.ts';

/** What a load cost. */
export interface Measured {
  readonly subject: string;
  readonly steps: number;
  readonly runs: number;
  readonly wallMs: number;
  readonly latenciesMs: readonly number[];
  readonly lastId: string;
  readonly cpu: CpuReading;
  readonly cpuMs: number;
}

/** Drives the load and reads the clocks of all processes before and after it. */
export async function measure(subject: Subject, load: Load): Promise<Measured> {
  const before = readCpu(subject.groups);
  const drove = await subject.drive(load);
  const cpu = cpuBetween(before, readCpu(subject.groups));
  return toMeasured(subject.name, load.steps, { ...drove, cpu });
}

/** Two measurements of the same thing as one; rounds in turns even out a machine's moods. */
export function joined(a: Measured, b: Measured): Measured {
  const cpu = new Map([...b.cpu].map(([name, ms]) => [name, ms + (a.cpu.get(name) ?? 0)]));
  return toMeasured(a.subject, a.steps, {
    latenciesMs: [...a.latenciesMs, ...b.latenciesMs],
    wallMs: a.wallMs + b.wallMs,
    lastId: b.lastId,
    cpu,
  });
}

/** CPU milliseconds of one run. */
export function cpuPerRun(measured: Measured): number {
  return measured.cpuMs / measured.runs;
}

function toMeasured(
  subject: string,
  steps: number,
  sum: Drove & { readonly cpu: CpuReading },
): Measured {
  const { latenciesMs, wallMs, lastId, cpu } = sum;
  const cpuMs = [...cpu.values()].reduce((total, ms) => total + ms, 0);
  return { subject, steps, runs: latenciesMs.length, wallMs, latenciesMs, lastId, cpu, cpuMs };
}
