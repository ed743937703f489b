import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Preparation } from '../test-docker/preparation.ts';
import { isAlive } from '../test-docker/processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'scripts', 'neo4j.ts');
/** Variable with the process that prepares Neo4j, for whom tests wait. */
const PREPARING = 'HOLDFAST_TEST_NEO4J_PREPARING';
const POLL_MS = 200;

/** Begins to get Neo4j in a process of its own. */
export function startNeo4jPreparation(): Preparation {
  const folder = join(ROOT, '.holdfast');
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'test-neo4j.log'), 'w');
  const node = ['--disable-warning=ExperimentalWarning', PROGRAM, 'install'];
  // A group of its own, which ends as a whole, with the programs that it runs.
  const child = spawn(process.execPath, node, {
    cwd: ROOT,
    stdio: ['ignore', log, log],
    detached: true,
  });
  const ended = once(child, 'exit');
  const { pid } = child;
  if (pid !== undefined) process.env[PREPARING] = String(pid);
  const end = async (): Promise<void> => {
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-pid, 'SIGTERM');
    await ended;
  };
  return { end };
}

/** Waits until nobody prepares Neo4j any more. */
export async function neo4jPreparationEnded(): Promise<void> {
  while (isAlive(Number(process.env[PREPARING] ?? 0))) await sleep(POLL_MS);
}
