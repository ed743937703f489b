import type { Decision, Settlement } from './human-task.ts';
import type { RunRef } from './journal.ts';

/** A run to be started, with the names that operators read. */
export interface RunStart extends RunRef {
  readonly agentName: string;
  readonly version: string;
}

/** Steers the workflows behind runs. */
export interface RunControl {
  /** Starts the run's workflow; starting it again does nothing. Throws `service.unavailable`. */
  start(run: RunStart): Promise<void>;
  /** Delivers a decision and answers with the settlement that stands. */
  decide(args: RunRef & { readonly taskId: string; readonly decision: Decision }): Promise<Settlement>;
  /** Asks the workflow to stop; it answers by ending the run. */
  cancel(ref: RunRef): Promise<void>;
}
