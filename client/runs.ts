import type {
  CancelPending,
  CheckpointState,
  CreateRunRequest,
  ListRunsQuery,
} from '../contracts/run.schema.ts';
import type { Checkpoint, Run, StepRecord } from '../contracts/records.ts';
import type { LearningAnswer } from '../contracts/learning.schema.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import {
  idempotencyHeader,
  segment,
  type CreateOptions,
  type RequestOptions,
} from './request-options.ts';
import type { JournalEvent, RunStreamEvent } from './run-event.ts';
import type { StreamOptions } from './event-stream.ts';
import { streamRun } from './run-stream.ts';
import type { Transport } from './transport.ts';
import { waitForRun, type WaitOptions } from './run-wait.ts';

/** A page of a run's journal. */
export interface JournalPage {
  readonly items: readonly JournalEvent[];
  /** Pass as `after` to go on. */
  readonly nextAfter: number;
  /** The run has ended and nothing follows this page. */
  readonly ended: boolean;
}

/** Which part of a journal. */
export interface EventsOptions extends RequestOptions {
  readonly after?: string | number;
  readonly limit?: number;
}

/** Executions of agents. */
export interface Runs {
  /** Accepts a run; it goes on whatever happens to the caller. */
  create(body: CreateRunRequest, options?: CreateOptions): Promise<Run>;
  get(runId: string, options?: RequestOptions): Promise<Run>;
  list(query?: ListRunsQuery): Paged<Run>;
  /** The run once it has ended; survives lost connections and restarts of the service. */
  wait(runId: string, options?: WaitOptions): Promise<Run>;
  /** Asks a run to stop; the run, or a note that it has not stopped yet but will. */
  cancel(runId: string, options?: RequestOptions): Promise<Run | CancelPending>;
  steps(runId: string, query?: PageQuery): Paged<StepRecord>;
  checkpoints(runId: string, query?: PageQuery): Paged<Checkpoint>;
  /** A checkpoint with the channels' values there. */
  checkpoint(runId: string, seq: number, options?: RequestOptions): Promise<CheckpointState>;
  /** What was learnt from a run for later ones, and how far that is. */
  learning(runId: string, options?: RequestOptions): Promise<LearningAnswer>;
  /** A page of the journal, without pieces of text. */
  events(runId: string, options?: EventsOptions): Promise<JournalPage>;
  /** Every event once and in order until the run has ended, for `for await`. */
  stream(runId: string, options?: StreamOptions): AsyncGenerator<RunStreamEvent, void, undefined>;
}

const RUNS = '/v1/runs';

/** The resource `runs`. */
export function createRuns(transport: Transport): Runs {
  const pathOf = (runId: string): string => `${RUNS}/${segment(runId)}`;
  const get = <T>(path: string, { signal }: RequestOptions): Promise<T> =>
    transport.json<T>({ method: 'GET', path, signal });

  return {
    create: (body, options = {}) =>
      transport.json({
        method: 'POST',
        path: RUNS,
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
    get: (runId, options = {}) => get(pathOf(runId), options),
    list: (query = {}) => createPaged(transport, { path: RUNS, query }),
    wait: (runId, options = {}) => waitForRun(transport, runId, options),
    cancel: (runId, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${pathOf(runId)}/cancel`, signal }),
    steps: (runId, query = {}) => createPaged(transport, { path: `${pathOf(runId)}/steps`, query }),
    checkpoints: (runId, query = {}) =>
      createPaged(transport, { path: `${pathOf(runId)}/checkpoints`, query }),
    checkpoint: (runId, seq, options = {}) =>
      get(`${pathOf(runId)}/checkpoints/${String(seq)}`, options),
    learning: (runId, { signal } = {}) =>
      transport.json({ method: 'GET', path: `${pathOf(runId)}/learning`, signal }),
    events: (runId, { after, limit, signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `${pathOf(runId)}/events`,
        query: { after, limit },
        signal,
      }),
    stream: (runId, options = {}) => streamRun(transport, runId, options),
  };
}
