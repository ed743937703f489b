import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 300;
const WAIT_LIMIT_MS = 15 * 60_000;

/** Runs `work` while holding a lock file; waits for a holder that is alive, replaces a dead one. */
export async function withLock(file, say, work) {
  mkdirSync(dirname(file), { recursive: true });
  await acquire(file, say);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file, say) {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  let told = false;
  while (!tryTake(file)) {
    const holder = Number(readHolder(file));
    if (!isAlive(holder)) {
      discard(file);
      continue;
    }
    if (!told) say(`Process ${holder} is installing packages; waiting for it.`);
    told = true;
    if (Date.now() > deadline) throw new Error(`Process ${holder} still holds ${file}; stop it.`);
    await sleep(POLL_MS);
  }
}

/** The file appears with its content in one step, so a reader never sees it without a process id. */
function tryTake(file) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * A rename gives the file to one process only. If another one replaced the dead holder's lock since
 * it was read, the living lock goes back.
 */
function discard(file) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (isAlive(Number(readHolder(aside)))) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function readHolder(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
