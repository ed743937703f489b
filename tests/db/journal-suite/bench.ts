import type { Journal, RunRef } from '../../../contracts/journal.ts';
import type { RunEvent, TokenEvent } from '../../../contracts/event.ts';
import type { Message } from '../../../contracts/message.ts';
import type { Run } from '../../../contracts/records.ts';

/** A journal to be proved, and a look behind it. */
export interface JournalBench {
  readonly journal: Journal;
  /** A queued run with its `run.created`, in a thread of its own. */
  readonly seedRun: () => Promise<RunRef>;
  readonly events: (ref: RunRef) => Promise<readonly RunEvent[]>;
  readonly tokens: (ref: RunRef) => Promise<readonly TokenEvent[]>;
  readonly run: (
    ref: RunRef,
  ) => Promise<Pick<Run, 'status' | 'output' | 'error' | 'usage' | 'openHumanTasks'>>;
  /** The run's thread. */
  readonly messages: (ref: RunRef) => Promise<readonly Message[]>;
}

/** Types of the run's events in order. */
export async function typesOf(bench: JournalBench, ref: RunRef): Promise<readonly string[]> {
  return (await bench.events(ref)).map(({ type }) => type);
}

/** Asks until there is an answer; the test's own time limit ends a vain wait. */
export async function until<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (;;) {
    const found = await ask();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
