import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 2_000;
const DEADLINE_MS = 60_000;

/**
 * Tries until it works, for servers of others that may still be starting; gives up after a minute
 * with the last failure. Says once that it waits.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  log: (line: string) => void,
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (let told = false; ; told = true) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() + RETRY_MS > deadline) throw error;
      if (!told)
        log(`${error instanceof Error ? error.message : String(error)} Trying for a minute.`);
      await sleep(RETRY_MS);
    }
  }
}
