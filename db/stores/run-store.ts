import { claimUnstarted, markStartAttempt, requestCancel } from '../runs/control.ts';
import { epochOf, getRun, listRuns } from '../runs/read-runs.ts';
import { listCheckpoints, listSteps, loadCheckpoint } from '../runs/read-steps.ts';
import { readEvents, readStream, readTokens } from '../runs/read-stream.ts';
import type { Checkpoint, Principal, Run, StepRecord } from '../../contracts/records.ts';
import type { Page, PageRequest } from './page.ts';
import type { RunEvent, StreamEvent, TokenEvent } from '../../contracts/event.ts';
import { claimQuiet } from '../runs/quiet-runs.ts';
import { createRun } from '../runs/create-run.ts';
import type { Database } from '../database.ts';
import { loadStep } from '../journal/reading.ts';
import type { Message } from '../../contracts/message.ts';
import type { RunRef, StepDeltas } from '../../contracts/journal.ts';
import type { RunStatus } from '../../contracts/status.ts';
import type { Value } from '../../contracts/blob.ts';

/** A run to be accepted. */
export interface CreateRun {
  readonly agentId: string;
  readonly versionId: string;
  /** `new` opens a thread with that id and title in the same transaction. */
  readonly thread:
    | { readonly kind: 'existing'; readonly threadId: string }
    | { readonly kind: 'new'; readonly threadId: string; readonly title: string }
    | null;
  /** Whom it serves; that of the thread where it has one. */
  readonly userId?: string | null;
  /** Already stored by `putValue` if it is large. */
  readonly input: Value;
  readonly principal: Principal;
  /** The key is scoped by workspace; the hash covers all that the caller sent. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /**
   * Appended to the thread. The run's `threadPosition` is the thread's end before it, so the
   * message counts as the run's input and not as its past.
   */
  readonly userMessage?: Message;
}

/** `existing`: the idempotency key was used before with the same request. */
export interface CreatedRun {
  readonly kind: 'created' | 'existing';
  readonly run: Run;
}

/** What a list of runs is narrowed to; times are ISO 8601. */
export interface RunFilter {
  readonly agentId?: string;
  readonly versionId?: string;
  readonly threadId?: string;
  readonly status?: RunStatus;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

/** Place in a run's stream, exclusive; `sub` 0 is the numbered event itself. */
export interface StreamPosition {
  readonly seq: number;
  readonly sub: number;
}

/** A checkpoint and what the state at it is folded from: deltas in the graph's order. */
export interface CheckpointDeltas {
  readonly checkpoint: Checkpoint;
  readonly steps: readonly StepDeltas[];
}

/** Which runs count as quiet. */
export interface QuietSearch {
  readonly status: 'running' | 'waiting';
  /** Nothing was journaled for this long. */
  readonly quietMs: number;
  /** A run is looked at again after as long as it has been quiet, and after this at the latest. */
  readonly longestPauseMs: number;
  readonly limit: number;
}

/** A run that has journaled nothing for a while, and the epoch that this was seen in. */
export interface QuietRun extends RunRef {
  readonly epoch: number;
}

/** Runs as the API sees them; executors use the journal. */
export interface RunStore {
  /**
   * One transaction: run, `run.created`, thread, message, idempotency key. Throws
   * `idempotency.key_reused`, `thread.not_found`, `thread.busy`, `thread.locked`, `thread.other_user` and
   * `agent.version_not_found`.
   */
  create(workspaceId: string, input: CreateRun): Promise<CreatedRun>;
  /** Throws `run.not_found`. */
  get(workspaceId: string, runId: string): Promise<Run>;
  /** Newest first. */
  list(workspaceId: string, filter: RunFilter, page: PageRequest): Promise<Page<Run>>;
  /** Events behind `afterSeq` in order; empty for unknown runs. */
  events(
    workspaceId: string,
    runId: string,
    range: { readonly afterSeq: number; readonly limit: number },
  ): Promise<readonly RunEvent[]>;
  /** Pieces of text behind a position in order; empty for unknown runs. */
  tokens(
    workspaceId: string,
    runId: string,
    range: { readonly after: StreamPosition; readonly limit: number },
  ): Promise<readonly TokenEvent[]>;
  /**
   * Events and pieces of text behind a position, merged in stream order and read in one snapshot:
   * a piece of text never comes before the event whose number it bears.
   */
  stream(
    workspaceId: string,
    runId: string,
    range: { readonly after: StreamPosition; readonly limit: number },
  ): Promise<readonly StreamEvent[]>;
  /** In the graph's order, older epochs first. Throws `run.not_found`. */
  steps(workspaceId: string, runId: string, page: PageRequest): Promise<Page<StepRecord>>;
  /** The step in the run's current epoch; null when it has not begun. Throws `run.not_found`. */
  step(workspaceId: string, runId: string, stepId: string): Promise<StepRecord | null>;
  /** Oldest first. Throws `run.not_found`. */
  checkpoints(workspaceId: string, runId: string, page: PageRequest): Promise<Page<Checkpoint>>;
  /** Null when no step ended with that event. Throws `run.not_found`. */
  checkpoint(workspaceId: string, runId: string, seq: number): Promise<CheckpointDeltas | null>;
  /** Flag and event, once; `requested` is false if it was asked before or the run has ended. */
  requestCancel(
    workspaceId: string,
    runId: string,
  ): Promise<{ readonly run: Run; readonly requested: boolean }>;
  /**
   * Claims queued runs of all workspaces that were created or last tried longer ago than this:
   * their workflow may be missing. Each claim counts as an attempt.
   */
  unstarted(olderThanMs: number, limit: number): Promise<readonly QuietRun[]>;
  /** Notes that a start is tried now, so that `unstarted` leaves the run alone for a while. */
  markStartAttempt(workspaceId: string, runId: string): Promise<void>;
  /**
   * Claims runs of all workspaces that have been quiet, longest unseen first: their workflow may be
   * closed. Nobody else is given them until they are due again.
   */
  claimQuiet(search: QuietSearch): Promise<readonly QuietRun[]>;
}

/** Runs on PostgreSQL. */
export function createRunStore(database: Database): RunStore {
  const { kysely } = database;
  return {
    create: (workspaceId, input) => createRun(database, workspaceId, input),
    get: (workspaceId, runId) => getRun(database, workspaceId, runId),
    list: (workspaceId, filter, page) => listRuns(kysely, workspaceId, { filter, page }),
    events: (workspaceId, runId, range) => readEvents(database, { workspaceId, runId }, range),
    tokens: (workspaceId, runId, range) => readTokens(database, { workspaceId, runId }, range),
    stream: (workspaceId, runId, range) => readStream(database, { workspaceId, runId }, range),
    steps: (workspaceId, runId, page) => listSteps(kysely, { workspaceId, runId }, page),
    step: async (workspaceId, runId, stepId) => {
      const epoch = await epochOf(kysely, workspaceId, runId);
      return loadStep(database, { workspaceId, runId }, { epoch, stepId });
    },
    checkpoints: (workspaceId, runId, page) =>
      listCheckpoints(kysely, { workspaceId, runId }, page),
    checkpoint: (workspaceId, runId, seq) => loadCheckpoint(kysely, { workspaceId, runId }, seq),
    requestCancel: (workspaceId, runId) => requestCancel(database, workspaceId, runId),
    unstarted: (olderThanMs, limit) => claimUnstarted(kysely, olderThanMs, limit),
    markStartAttempt: (workspaceId, runId) => markStartAttempt(kysely, workspaceId, runId),
    claimQuiet: (search) => claimQuiet(kysely, search),
  };
}
