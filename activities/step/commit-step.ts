import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { NO_USAGE, type StepCall, type StepOutcome } from '../../contracts/step.ts';
import {
  RUN_STARTED,
  humanTaskCreated,
  runEnded,
  stepCompleted,
  stepFailed,
} from './event-data.ts';
import { createOffloader } from './offload.ts';
import { endWrite, type LastStep } from './run-end.ts';
import { pathOf } from '../../engine/order-key.ts';
import { waitingMemo, type Opened } from './open-step.ts';
import type { CommitUnit, RunEndWrite, RunFacts, StepWrite } from '../../contracts/journal.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Place, StateBefore } from './state-reader.ts';
import type { Settled } from './outcome.ts';
import type { StepExecution, StepExecutor, StepOptions } from './execute-step.ts';

/** An executed step, before it is committed. */
export interface StepCommit {
  readonly place: Place;
  readonly before: StateBefore;
  readonly opened: Opened;
  readonly options: StepOptions;
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly call: StepCall;
  readonly startedAt: number;
  /** What its node told of while it executed. */
  readonly told: readonly EventDraft[];
}

/** What came of it. */
export type StepConclusion =
  | {
      readonly kind: 'wait';
      readonly outcome: StepOutcome;
      readonly task: HumanTaskDraft;
      readonly memo: JsonObject;
    }
  | ({ readonly kind: 'settled' } & Settled);

/**
 * Writes the step, its entries, its task and the run's end, all in one transaction; null when the
 * run has ended meanwhile.
 */
export async function commitStep(
  executor: StepExecutor,
  commit: StepCommit,
  conclusion: StepConclusion,
): Promise<StepExecution | null> {
  const { place, opened, options, run } = commit;
  const end = options.after(conclusion.outcome);
  const ending = end === null ? null : await endOf(executor, commit, { conclusion, end });
  const snapshot = await snapshotOf(executor, commit);
  const unit: CommitUnit = {
    workspaceId: run.workspaceId,
    runId: run.runId,
    epoch: options.epoch,
    ...(options.start === true ? { start: true } : {}),
    step: stepWrite(commit, conclusion),
    events: [
      ...(options.start === true ? [RUN_STARTED] : []),
      ...opened.events,
      ...commit.told,
      eventOf(commit.call, conclusion),
      ...(ending === null ? [] : [runEnded(ending.end, ending.output)]),
    ],
    ...(conclusion.kind === 'wait' ? { tasks: [conclusion.task] } : {}),
    ...(snapshot === null ? {} : { snapshot: { key: place.key, state: snapshot } }),
    ...(ending === null ? {} : { end: ending }),
  };
  const answer = await executor.deps.journal.commit(unit);
  switch (answer.kind) {
    case 'committed':
      executor.deps.crash('after-commit');
      remember(executor, commit, { conclusion, isSnapshot: snapshot !== null });
      return { outcome: conclusion.outcome, ...(ending === null ? {} : { end: ending.end }) };
    case 'finished':
      return { outcome: answer.outcome };
    case 'superseded':
      throw new AppError('step.superseded', 'a newer attempt executes the step');
    case 'run_ended':
      return null;
  }
}

function stepWrite(commit: StepCommit, conclusion: StepConclusion): StepWrite {
  const { call, opened, startedAt } = commit;
  const base = { call, attempt: opened.attempt, outcome: conclusion.outcome, startedAt };
  if (conclusion.kind === 'wait') {
    return {
      ...base,
      status: 'waiting',
      deltas: [],
      result: null,
      error: null,
      usage: NO_USAGE,
      memo: waitingMemo(conclusion.memo),
    };
  }
  const { outcome, deltas, result, error, usage } = conclusion;
  const status = outcome.kind === 'failed' ? 'failed' : 'done';
  return { ...base, status, deltas, result, error, usage, memo: {} };
}

function eventOf(call: StepCall, conclusion: StepConclusion): EventDraft {
  if (conclusion.kind === 'wait') return humanTaskCreated(call, conclusion.task);
  const { outcome, result, deltas, usage, model, error } = conclusion;
  if (outcome.kind === 'failed') return stepFailed(call, outcome.error, usage);
  return stepCompleted(call, {
    result,
    writes: deltas.map(({ channel }) => channel),
    usage,
    take: outcome.kind === 'done' ? (outcome.take ?? null) : null,
    model,
    error,
  });
}

async function endOf(
  executor: StepExecutor,
  commit: StepCommit,
  at: { readonly conclusion: StepConclusion; readonly end: NonNullable<RunEndWrite['end']> },
): Promise<RunEndWrite> {
  const { deps, library, states } = executor;
  const { conclusion, end } = at;
  const { call } = commit;
  const last: LastStep | null =
    conclusion.kind === 'wait' ? null : { nodeId: call.nodeId, key: call.key, ...conclusion };
  return endWrite(
    { journal: deps.journal, nodes: deps.nodes, library, states },
    { run: commit.run, version: commit.version, epoch: commit.options.epoch, end, last },
  );
}

/** The full state before the step, every so many steps; only the main path's can be read again. */
async function snapshotOf(executor: StepExecutor, commit: StepCommit): Promise<JsonObject | null> {
  const { before, place, run } = commit;
  if (before.sinceSnapshot < LIMITS.snapshotEvery || pathOf(place.key) !== '') return null;
  return createOffloader(executor.deps.journal, run.workspaceId).fields(before.state);
}

function remember(
  executor: StepExecutor,
  commit: StepCommit,
  at: { readonly conclusion: StepConclusion; readonly isSnapshot: boolean },
): void {
  const { place, before, version, call } = commit;
  const { conclusion } = at;
  if (conclusion.kind === 'wait' || call.op === 'call') return;
  const { outcome, state, deltas, value } = conclusion;
  if (outcome.kind === 'spawn') {
    const { stepId } = call;
    executor.library.rememberResult(place.ref, { epoch: place.epoch, stepId, result: value });
  }
  const folded = at.isSnapshot ? 0 : before.sinceSnapshot;
  const isFork = version.plan.nodes[call.nodeId]?.exit.kind === 'fanout';
  executor.states.remember(place, {
    state,
    sinceSnapshot: folded + (deltas.length > 0 ? 1 : 0),
    closed: outcome.kind !== 'spawn' && !isFork,
  });
}
