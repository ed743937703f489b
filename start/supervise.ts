import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '../temporal/server/server-process.ts';

/** A server that can be started again in place. */
export interface Restartable {
  readonly name: string;
  process(): ServerProcess;
  restart(): Promise<void>;
}

/** What a supervisor waits with, replaceable in tests. */
export interface SupervisorDeps {
  readonly log: (line: string) => void;
  readonly wait?: (ms: number) => Promise<unknown>;
  readonly now?: () => number;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
const STABLE_MS = 60_000;

/**
 * Starts a server again whenever it ends by itself, later and later if it keeps ending. Returns how
 * to stop watching, which must come before the server is stopped on purpose.
 */
export function supervise(server: Restartable, deps: SupervisorDeps): () => void {
  const watch = { stopped: false };
  void keepRunning(server, () => watch.stopped, { wait: sleep, now: Date.now, ...deps });
  return () => {
    watch.stopped = true;
  };
}

async function keepRunning(
  server: Restartable,
  isStopped: () => boolean,
  deps: Required<SupervisorDeps>,
): Promise<void> {
  let delayMs = FIRST_DELAY_MS;
  let startedAt = deps.now();
  let ending = await server.process().exited;
  while (!isStopped()) {
    if (deps.now() - startedAt > STABLE_MS) delayMs = FIRST_DELAY_MS;
    deps.log(`${server.name} ended by itself (${ending}); starting it again in ${delayMs} ms`);
    await deps.wait(delayMs);
    if (isStopped()) return;
    delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    startedAt = deps.now();
    ending = await restartOnce(server, deps.log);
  }
}

/** Returns how the server ended, be it before or after it was ready. */
async function restartOnce(server: Restartable, log: (line: string) => void): Promise<string> {
  try {
    await server.restart();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  log(`${server.name} runs again (process ${server.process().pid})`);
  return server.process().exited;
}
