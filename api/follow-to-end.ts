import { isTerminal } from '../contracts/status.ts';
import { pause } from './pause.ts';
import { toAppError } from './problem-document.ts';
import type { Run } from '../contracts/records.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { Services } from './services.ts';

/** A run that writes tokens changes often; its row is read no more often than this. */
const SETTLE_MS = 20;

/** The run once it has ended, or as it is when the time is over or the signal fires. */
export async function followToEnd(
  services: Pick<Services, 'feeds' | 'runs'>,
  ref: RunRef,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Run> {
  const deadline = Date.now() + limits.timeoutMs;
  const follower = services.feeds.follow(ref);
  try {
    let run = await services.runs.get(ref.workspaceId, ref.runId);
    for (;;) {
      const leftMs = deadline - Date.now();
      if (isTerminal(run.status) || leftMs <= 0 || limits.signal.aborted) return run;
      await follower.changed(limits.signal, leftMs);
      await pause(Math.min(SETTLE_MS, leftMs), limits.signal);
      run = (await readAgain(services, ref)) ?? run;
    }
  } finally {
    follower[Symbol.dispose]();
  }
}

/** Null while the database is away: the wait outlasts it. */
async function readAgain(services: Pick<Services, 'runs'>, ref: RunRef): Promise<Run | null> {
  try {
    return await services.runs.get(ref.workspaceId, ref.runId);
  } catch (error) {
    if (toAppError(error).code === 'service.unavailable') return null;
    throw error;
  }
}
