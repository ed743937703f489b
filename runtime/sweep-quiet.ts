import type { Logger } from './logger.ts';
import { repeat } from './repeat.ts';

const BATCH = 50;
const EVERY_MS = 10_000;
/** What wrote nothing for this long may lack its workflow. */
const QUIET_MS = 30_000;

/** What is looked after: work that is written, and goes on in a workflow of its own. */
export interface QuietWork<Ref> {
  /** Wrote nothing for this long; half a minute by default. */
  readonly quietMs: number | undefined;
  readonly quiet: (search: {
    readonly quietMs: number;
    readonly limit: number;
  }) => Promise<readonly Ref[]>;
  /** Starting twice does nothing, so that several sweepers may run. */
  readonly start: (ref: Ref) => Promise<'open' | 'closed'>;
  /** Notes why it has failed. */
  readonly fail: (ref: Ref, error: string) => Promise<unknown>;
}

/** Starts workflows whose start was lost; one pass, which answers with how many quiet ones there were. */
export async function sweepQuiet<Ref>(work: QuietWork<Ref>): Promise<number> {
  const quiet = await work.quiet({ quietMs: work.quietMs ?? QUIET_MS, limit: BATCH });
  for (const ref of quiet) {
    if ((await work.start(ref)) === 'open') continue;
    // Somebody terminated the workflow: nobody else is left to tell the end.
    await work.fail(ref, 'its workflow was closed before it had ended');
  }
  return quiet.length;
}

/** Sweeps every ten seconds; `what` names the work in warnings. */
export function startSweeping(
  what: string,
  log: Logger,
  sweep: () => Promise<unknown>,
): AsyncDisposable {
  return repeat(EVERY_MS, sweep, (error) => {
    log.warn({ err: error }, `looking after ${what} failed; it is tried again`);
  });
}
