import { AppError } from '../../contracts/app-error.ts';
import { SANDBOX_LEVELS } from '../../contracts/sandbox.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { SandboxLevel, ToolSandboxPolicy } from '../../contracts/sandbox.ts';

/** What runs where several are strong enough, and the tool names none. */
const PREFERENCE: readonly SandboxLevel[] = ['docker', 'gvisor', 'microvm', 'process'];

/** The strongest of them. */
export function strongest(first: SandboxLevel, ...others: readonly SandboxLevel[]): SandboxLevel {
  return others.reduce((a, b) => (strengthOf(a) >= strengthOf(b) ? a : b), first);
}

/**
 * Those that are strong enough for the workspace and for the tool, the preferred one first. Throws
 * `sandbox.level_unavailable`.
 */
export function driversFor(
  drivers: readonly SandboxDriver[],
  { level, toolLevel }: Pick<ToolSandboxPolicy, 'level' | 'toolLevel'>,
  minimum: SandboxLevel,
): readonly SandboxDriver[] {
  const least = strongest(minimum, toolLevel ?? level);
  // A tool's own level is meant as it is: what is next to it comes first.
  const order = toolLevel === undefined ? PREFERENCE : SANDBOX_LEVELS;
  const found = drivers
    .filter((driver) => strengthOf(driver.level) >= strengthOf(least))
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  if (found.length > 0) return found;
  throw new AppError(
    'sandbox.level_unavailable',
    `no sandbox of level ${least} or stronger can be had here; npm run doctor says why`,
  );
}

function strengthOf(level: SandboxLevel): number {
  return SANDBOX_LEVELS.indexOf(level);
}
