import { isTerminal } from '../contracts/status.ts';
import { toAppError } from './problem-document.ts';
import type { Run } from '../contracts/records.ts';
import type { Follower } from './event-feed.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { Services } from './services.ts';

/** A run to follow, as it was read after the following began. */
export interface Followed {
  readonly ref: RunRef;
  readonly follower: Pick<Follower<unknown>, 'ended'>;
  readonly run: Run;
}

/** The run once it has ended, or as it is when the time is over or the signal fires. */
export async function followToEnd(
  services: Pick<Services, 'runs'>,
  followed: Followed,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Run> {
  const deadline = Date.now() + limits.timeoutMs;
  let { run } = followed;
  for (;;) {
    const leftMs = deadline - Date.now();
    if (isTerminal(run.status) || leftMs <= 0 || limits.signal.aborted) return run;
    await followed.follower.ended(limits.signal, leftMs);
    run = (await readAgain(services, followed.ref)) ?? run;
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
