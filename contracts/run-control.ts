import type { Decision } from './human-task.ts';
import type { RunRef } from './journal.ts';

/** A run to be started, with the names that operators read. */
export interface RunStart extends RunRef {
  readonly agentName: string;
  readonly version: string;
}

/** The settlement that stands; a decision of another id means that somebody else was first. */
export interface SettledTask {
  readonly by: 'decision' | 'timeout';
  readonly decisionId?: string;
}

/** Steers the workflows behind runs. */
export interface RunControl {
  /**
   * Starts the run's workflow; starting it again does nothing. `closed`: it was started before, and
   * has closed. Throws `service.unavailable`.
   */
  start(run: RunStart): Promise<'open' | 'closed'>;
  /** Delivers a decision and answers with the settlement that stands. */
  decide(
    args: RunRef & { readonly taskId: string; readonly decision: Decision },
  ): Promise<SettledTask>;
  /** Asks the workflow to stop; it answers by ending the run. */
  cancel(ref: RunRef): Promise<void>;
}
