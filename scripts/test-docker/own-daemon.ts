import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, connect } from '../sandbox-images/docker-connection.ts';
import { isRunning, readRecord, startDaemon, stopDaemon } from './daemon-process.ts';
import { isAlive } from './processes.ts';

const POLL_MS = 200;

/** A daemon that test runs start where the machine has none, and share. */
export interface OwnDaemon {
  /** Where it keeps its images, for the next time. */
  readonly folder: string;
  /** Process of the test run; the last one to leave stops the daemon. */
  readonly user: number;
}

type Say = (line: string) => void;

/** Runs that use the daemon, but for those that were cut off. */
function livingUsers(folder: string): readonly number[] {
  const users = join(folder, 'users');
  if (!existsSync(users)) return [];
  const all = readdirSync(users).map(Number);
  for (const user of all) if (!isAlive(user)) rmSync(join(users, String(user)), { force: true });
  return all.filter(isAlive);
}

/** One run at a time starts or stops the daemon; the lock of a dead one counts for nothing. */
async function locked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'lock');
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const holder = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
      // Empty while its holder is writing it.
      if (holder !== '' && !isAlive(Number(holder))) rmSync(lock, { force: true });
      await sleep(POLL_MS);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** All containers are of tests that have ended or were cut off. */
async function removeContainers(socketPath: string): Promise<void> {
  const docker = connect(socketPath);
  const containers = await docker.listContainers({ all: true }).catch(() => []);
  await Promise.all(
    containers.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => undefined),
    ),
  );
}

/**
 * Starts the daemon, or joins the one that runs: another run's, or what a run that was cut off left,
 * without its containers. One that no longer answers is replaced.
 */
export async function joinOwnDaemon(own: OwnDaemon, say: Say): Promise<string> {
  const { folder, user } = own;
  return locked(folder, async () => {
    const others = livingUsers(folder).filter((one) => one !== user);
    mkdirSync(join(folder, 'users'), { recursive: true });
    await writeFile(join(folder, 'users', String(user)), '');
    const record = readRecord(folder);
    if (record !== undefined) {
      if (isRunning(folder, record.pid) && (await answers(record.socketPath))) {
        say(`using the Docker daemon of an earlier test run, process ${record.pid}`);
        if (others.length === 0) await removeContainers(record.socketPath);
        return record.socketPath;
      }
      await stopDaemon(folder, record);
    }
    say('starting a Docker daemon of our own');
    return startDaemon(folder);
  });
}

/** Stops the daemon with its containers if this run is the last one that uses it. */
export async function leaveOwnDaemon({ folder, user }: OwnDaemon): Promise<void> {
  if (!existsSync(join(folder, 'users', String(user)))) return;
  await locked(folder, async () => {
    rmSync(join(folder, 'users', String(user)), { force: true });
    const record = readRecord(folder);
    if (record === undefined || livingUsers(folder).length > 0) return;
    await removeContainers(record.socketPath);
    await stopDaemon(folder, record);
  });
}
