import type { RunRef } from '../../contracts/journal.ts';

/** What a round of the sweep did. */
export interface SweepRound {
  readonly due: number;
  readonly summaries: number;
  readonly archived: number;
  readonly deleted: number;
  readonly more: boolean;
}

/** The activities of memory, as workflows call them. Each may run twice. */
export interface MemoryActivities {
  /** Learns from a run that has succeeded; answers with how many memories were written. */
  readonly learnFromRun: (ref: RunRef) => Promise<number>;
  /** Workspaces that have memories to consolidate, archive or delete. */
  readonly workspacesDue: () => Promise<readonly string[]>;
  /** Consolidates and deletes what is due in a workspace, as much as fits into one round. */
  readonly sweepMemories: (args: { readonly workspaceId: string }) => Promise<SweepRound>;
  /** Removes what is of no use to anybody any more; answers with how much. */
  readonly tidyMemory: () => Promise<number>;
}
