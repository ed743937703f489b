import { readFile } from 'node:fs/promises';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Sandbox } from '../port.ts';
import type { KernelLog } from './kernel-log.ts';

const UNSET = '4294967295';

/** What a sandbox needs to tell of its refused calls: `exec` counts them anew for each command. */
export function withDenials(
  { exec }: Pick<Sandbox, 'exec'>,
  { log, sessionOf }: { readonly log: KernelLog; readonly sessionOf: () => Promise<string | null> },
): Pick<Sandbox, 'exec' | 'onDenied'> {
  let left: number = LIMITS.deniedCallsPerCommand;
  return {
    exec: (request) => {
      left = LIMITS.deniedCallsPerCommand;
      return exec(request);
    },
    onDenied: (listener) => {
      if (log.reason !== null) return { [Symbol.dispose]: () => undefined };
      const following = sessionOf().then((session) =>
        session === null
          ? null
          : log.follow(session, (call) => {
              if (left <= 0) return;
              left -= 1;
              listener(call);
            }),
      );
      return {
        [Symbol.dispose]: () => void following.then((followed) => followed?.[Symbol.dispose]()),
      };
    },
  };
}

/**
 * The session of the kernel's audit that a sandbox's first process began, which nothing in it can
 * leave; null if it began none.
 */
export async function auditSession(pidOf: () => Promise<number | null>): Promise<string | null> {
  try {
    const pid = await pidOf();
    if (pid === null) return null;
    const [session, own] = await Promise.all([readSession(String(pid)), readSession('self')]);
    // One that it shares with this process tells nothing of who made a call.
    return session === UNSET || session === own ? null : session;
  } catch {
    return null;
  }
}

async function readSession(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/sessionid`, 'utf8')).trim();
}
