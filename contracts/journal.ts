import type { CompiledVersion, StepRecord } from './records.ts';
import type { Decision, HumanTaskDraft, HumanTask, Settlement } from './human-task.ts';
import type { Delta, StepCall, StepOutcome, Usage } from './step.ts';
import type { EventDraft } from './event.ts';
import type { Failure } from './app-error.ts';
import type { JsonObject } from './json.ts';
import type { Message } from './message.ts';
import type { OutputStream } from './sandbox.ts';
import type { RunEnd } from './frontier.ts';
import type { RunStatus, StepStatus } from './status.ts';
import type { Value } from './blob.ts';

/** Names a run in its workspace. */
export interface RunRef {
  readonly workspaceId: string;
  readonly runId: string;
}

/** What executors need of a run's row. */
export interface RunFacts extends RunRef {
  readonly versionId: string;
  readonly threadId: string | null;
  /** Whom the run serves. */
  readonly userId: string | null;
  /** Messages of the thread up to this position belong to the run's past. */
  readonly threadPosition: number;
  readonly status: RunStatus;
  readonly input: Value;
  readonly epoch: number;
  /** Milliseconds since the epoch; when it was created. */
  readonly createdAt: number;
  readonly cancelRequested: boolean;
}

/** Asks for the right to execute a step that has effects. */
export interface Reservation extends RunRef {
  readonly call: StepCall;
  readonly epoch: number;
  /** Written with the reservation when it is the step's first. */
  readonly started: EventDraft;
  /** Written instead when an earlier attempt was left unfinished. */
  readonly retrying: EventDraft;
  /** Kept with a new reservation, and with a step that goes on after its wait. */
  readonly memo: JsonObject;
  /** True: a waiting step whose task is settled goes on; it becomes `running` with `memo`. */
  readonly resume: boolean;
}

/** What a reservation finds. */
export type Reserved =
  /** The step is ours; `attempt` 1: nobody tried before. `memo` is what an earlier attempt kept. */
  | { readonly kind: 'granted'; readonly attempt: number; readonly memo: JsonObject }
  /** Finished before: the recorded outcome is the answer, nothing is executed. */
  | { readonly kind: 'finished'; readonly outcome: StepOutcome }
  /** Waits for a person; `settlement` is null while the task is open. */
  | {
      readonly kind: 'waiting';
      readonly attempt: number;
      readonly task: HumanTask;
      readonly settlement: Settlement | null;
      readonly memo: JsonObject;
    }
  | { readonly kind: 'run_ended' };

/** The state of a step as a commit writes it. */
export interface StepWrite {
  readonly call: StepCall;
  readonly status: Exclude<StepStatus, 'running'>;
  /** The attempt that was granted; a commit of an older one is refused. 0: never reserved. */
  readonly attempt: number;
  readonly outcome: StepOutcome;
  readonly deltas: readonly Delta[];
  readonly result: Value | null;
  readonly error: Failure | null;
  readonly usage: Usage;
  /** What a waiting step wants to find again when it goes on: its phase, its edited arguments. */
  readonly memo: JsonObject;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The end of a run, committed with its last step or alone. */
export interface RunEndWrite {
  readonly end: RunEnd;
  readonly output: Value | null;
  /** Appended to the run's thread. */
  readonly messages: readonly Message[];
}

/** What is written in one transaction. Parts that are absent are left alone. */
export interface CommitUnit extends RunRef {
  readonly epoch: number;
  /** Sets `running` and `started_at` if the run is still queued. */
  readonly start?: boolean;
  readonly step?: StepWrite;
  readonly events: readonly EventDraft[];
  readonly tasks?: readonly HumanTaskDraft[];
  /** Full state before the step with this key; reading starts from the newest snapshot. */
  readonly snapshot?: { readonly key: string; readonly state: JsonObject };
  readonly end?: RunEndWrite;
}

/** Whether the unit was written. Nothing of a refused unit is. */
export type CommitResult =
  | { readonly kind: 'committed'; readonly lastSeq: number }
  /** Someone else finished the step first: his outcome counts. */
  | { readonly kind: 'finished'; readonly outcome: StepOutcome }
  /** A newer attempt holds the step. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'run_ended' };

/** Half-open range of order keys, `after < key <= upTo`, in byte order. */
export interface KeyRange {
  readonly after: string;
  readonly upTo: string;
}

/** Deltas of one finished step. */
export interface StepDeltas {
  readonly key: string;
  readonly deltas: readonly Delta[];
}

/** A piece of a model's text. */
export interface TokenChunk extends RunRef {
  readonly stepId: string;
  readonly attempt: number;
  readonly text: string;
  /** Set on a command's output. */
  readonly stream?: OutputStream;
}

/** The journal as executors use it. Implemented on PostgreSQL, and in memory for runs without one. */
export interface Journal {
  loadRun(ref: RunRef): Promise<RunFacts>;
  loadVersion(workspaceId: string, versionId: string): Promise<CompiledVersion>;
  /** Finished and waiting steps of the run's epoch, in key order; for going on after a crash. */
  loadSteps(ref: RunRef, epoch: number): Promise<readonly StepRecord[]>;
  loadStep(ref: RunRef, epoch: number, stepId: string): Promise<StepRecord | null>;
  /** The thread's messages up to a position, oldest first. */
  loadMessages(workspaceId: string, threadId: string, upTo: number): Promise<readonly Message[]>;
  /** The newest snapshot whose key is in the first range, and the deltas of all ranges behind it. */
  loadDeltas(
    ref: RunRef,
    epoch: number,
    ranges: readonly KeyRange[],
  ): Promise<{
    readonly snapshot: { readonly key: string; readonly state: JsonObject } | null;
    readonly steps: readonly StepDeltas[];
  }>;
  reserve(reservation: Reservation): Promise<Reserved>;
  commit(unit: CommitUnit): Promise<CommitResult>;
  /** First writer wins; answers with the settlement that stands. */
  settle(ref: RunRef, taskId: string, by: Decision | 'timeout'): Promise<Settlement>;
  /** Fire and forget: coalesced, written with the next flush. */
  appendToken(chunk: TokenChunk): void;
  /** Stores a value if it is large and answers with what should travel. */
  putValue(workspaceId: string, value: Value): Promise<Value>;
  /** Resolves a reference; other values come back as they are. */
  getValue(workspaceId: string, value: Value): Promise<Value>;
}
