import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcess, isAlive } from './process-tree.ts';

const WAIT_MS = 10;

/**
 * The right to start or clear away the sandbox of that key, of one caller on this machine at a time;
 * that of a process that has ended is void.
 */
export async function takeTurn(root: string, key: string): Promise<AsyncDisposable> {
  const file = `${root}/${key}.turn`;
  const draft = `${file}.${randomUUID()}.tmp`;
  const me = await findProcess(process.pid);
  await writeFile(draft, `${process.pid} ${me?.startedAt ?? ''}`, { mode: 0o600 });
  try {
    while (!(await isLinked(draft, file))) {
      if (await isVoid(file)) await rm(file, { force: true });
      else await sleep(WAIT_MS);
    }
    return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
  } finally {
    await rm(draft, { force: true });
  }
}

/** A link is there with all its text, or not at all. */
function isLinked(draft: string, file: string): Promise<boolean> {
  return link(draft, file).then(
    () => true,
    (error: unknown) => {
      // Without its folder there is no turn to wait for.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    },
  );
}

async function isVoid(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return false;
  const [pid, startedAt = ''] = text.split(' ');
  return !(await isAlive({ pid: Number(pid), startedAt }));
}
