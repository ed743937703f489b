import type { SandboxDeath } from '../port.ts';

/** Exit code of a runner whose time is over. */
export const TTL_EXIT_CODE = 124;
const KILLED_EXIT_CODE = 137;

/** What was seen of a container's end. */
export interface DeathSigns {
  /** Null if nobody saw it. */
  readonly exitCode: number | null;
  /** The kernel reported a lack of memory inside at some time. */
  readonly oom: boolean;
  /** Last signal that the daemon sent to it. */
  readonly signal: number | null;
  /** The daemon was out of reach in the meantime. */
  readonly daemonLost: boolean;
}

/** Tells why a container died; who removes one on purpose notes that reason beforehand instead. */
export function deathReason(signs: DeathSigns): SandboxDeath {
  const { exitCode, oom, signal } = signs;
  if (exitCode === TTL_EXIT_CODE) return { reason: 'ttl', detail: 'its time was over' };
  if (signal === 9) return { reason: 'killed', detail: 'removed by someone else, by Docker' };
  if (signal !== null) {
    return { reason: 'daemon', detail: `the Docker daemon stopped it with signal ${signal}` };
  }
  if (exitCode === KILLED_EXIT_CODE && oom) {
    return { reason: 'oom', detail: 'its first process was killed for lack of memory' };
  }
  if (signs.daemonLost) {
    return { reason: 'daemon', detail: 'the Docker daemon stopped or was started anew' };
  }
  if (exitCode === null) return { reason: 'unknown', detail: 'it is gone, nobody saw how' };
  return { reason: 'unknown', detail: `its first process ended with exit code ${exitCode}` };
}
