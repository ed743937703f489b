import { describe, expect, test } from '@jest/globals';
import { driversFor } from './sandbox-level.ts';
import { SANDBOX_LEVELS, type SandboxLevel } from '../../contracts/sandbox.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';

/** Only its level is asked for. */
const driverOf = (level: SandboxLevel): SandboxDriver => ({ level }) as SandboxDriver;
const ALL = SANDBOX_LEVELS.toReversed().map(driverOf);

interface Wanted {
  readonly minimum: SandboxLevel;
  readonly level: SandboxLevel;
  readonly toolLevel?: SandboxLevel;
}

function levelsFor({ minimum, ...policy }: Wanted, drivers = ALL): readonly SandboxLevel[] {
  return driversFor(drivers, policy, minimum).map(({ level }) => level);
}

describe('the level of a sandbox', () => {
  test.each<[Wanted, readonly SandboxLevel[]]>([
    [{ minimum: 'process', level: 'process' }, ['docker', 'gvisor', 'microvm', 'process']],
    [{ minimum: 'process', level: 'gvisor' }, ['gvisor', 'microvm']],
    [{ minimum: 'gvisor', level: 'docker' }, ['gvisor', 'microvm']],
    [
      { minimum: 'process', level: 'gvisor', toolLevel: 'process' },
      ['process', 'docker', 'gvisor', 'microvm'],
    ],
    [{ minimum: 'process', level: 'process', toolLevel: 'microvm' }, ['microvm']],
    [
      { minimum: 'docker', level: 'process', toolLevel: 'process' },
      ['docker', 'gvisor', 'microvm'],
    ],
    [{ minimum: 'microvm', level: 'process', toolLevel: 'docker' }, ['microvm']],
  ])('of %j is the first of %j that can be had', (wanted, levels) => {
    expect(levelsFor(wanted)).toEqual(levels);
  });

  test('is never a weaker one than is wanted', () => {
    const weak = [driverOf('process'), driverOf('docker')];
    const wanted = { minimum: 'gvisor', level: 'process', toolLevel: 'docker' } as const;
    expect(() => levelsFor(wanted, weak)).toThrow('no sandbox of level gvisor or stronger');
  });
});
