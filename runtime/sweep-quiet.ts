const BATCH = 50;

/** What is looked after: work that is written, and goes on in a workflow of its own. */
export interface QuietWork<Ref> {
  /** Wrote nothing for this long. */
  readonly quietMs: number;
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
  const quiet = await work.quiet({ quietMs: work.quietMs, limit: BATCH });
  for (const ref of quiet) {
    if ((await work.start(ref)) === 'open') continue;
    // Somebody terminated the workflow: nobody else is left to tell the end.
    await work.fail(ref, 'its workflow was closed before it had ended');
  }
  return quiet.length;
}
