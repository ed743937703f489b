import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** A function and the time spent in it alone. */
export interface SelfTime {
  readonly name: string;
  readonly ms: number;
}

/** What one thread of a process did in a window. */
export interface ThreadProfile {
  readonly file: string;
  readonly busyMs: number;
  readonly functions: readonly SelfTime[];
  readonly places: readonly SelfTime[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

/** From one moment to another, in microseconds of the machine's monotonic clock. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The clock that profiles are stamped with, the same in all processes. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Profiles of all threads that wrote one into the folder, cut to the window, busiest first. */
export function readProfiles(folder: string, window: Window): readonly ThreadProfile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) =>
      summarise(name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile, window),
    )
    .sort((a, b) => b.busyMs - a.busyMs);
}

function summarise(file: string, profile: CpuProfile, window: Window): ThreadProfile {
  const byFunction = new Map<string, number>();
  const byPlace = new Map<string, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  let at = profile.startTime;
  let busyMs = 0;
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0;
    const frame = nodes.get(id);
    if (frame === undefined || at < window.fromUs || at > window.toUs) continue;
    if (['(idle)', '(program)', '(root)'].includes(frame.functionName)) continue;
    const ms = (profile.timeDeltas[index + 1] ?? 0) / 1000;
    const place = placeOf(frame.url);
    const name = `${frame.functionName.slice(0, 60) || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + ms);
    byPlace.set(areaOf(frame), (byPlace.get(areaOf(frame)) ?? 0) + ms);
    busyMs += ms;
  }
  return { file, busyMs, functions: sorted(byFunction), places: sorted(byPlace) };
}

function sorted(times: ReadonlyMap<string, number>): readonly SelfTime[] {
  return [...times].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function placeOf(url: string): string {
  if (url === '') return '(engine)';
  const path = url.replace(/^file:\/\//, '');
  const packed = path.lastIndexOf('node_modules/');
  if (packed >= 0) return path.slice(packed + 'node_modules/'.length);
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path.slice(path.lastIndexOf('/') + 1);
}

/** The package or folder that a function belongs to. */
function areaOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(engine)';
  const [first = '', second = ''] = placeOf(url).split('/');
  if (url.startsWith('node:')) return first;
  if (!url.includes('node_modules/')) return url.includes(ROOT) ? first : placeOf(url);
  return first.startsWith('@') ? `${first}/${second}` : first;
}
