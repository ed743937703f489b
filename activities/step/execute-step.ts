import { AppError, type Failure } from '../../contracts/app-error.ts';
import type { StepCall, StepOutcome } from '../../contracts/step.ts';
import { RunLibrary } from './run-library.ts';
import { StateReader } from './state-reader.ts';
import { commitStep, type StepCommit } from './commit-step.ts';
import { contextOf, scopeOf } from './node-context.ts';
import { createOffloader } from './offload.ts';
import { executeNode, prepareNode } from './execute-node.ts';
import { openStep } from './open-step.ts';
import { settleResult } from './outcome.ts';
import { standingEnd } from './standing-end.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { Fault } from './fault.ts';
import type { Journal, RunRef } from '../../contracts/journal.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { RunRecall } from '../memory/run-recall.ts';
import type { RunEnd } from '../../contracts/frontier.ts';
import type { ToolRegistry } from '../tools/registry.ts';

/** Moments between which a process may die; tests let it. */
export type StepMoment = 'after-reserve' | 'after-effect' | 'after-commit';

/** What executing steps needs. */
export interface StepDeps {
  readonly journal: Journal;
  readonly models: ChatModels;
  readonly tools: ToolRegistry;
  readonly nodes: NodeRegistry;
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly now?: () => number;
  /** Called at each moment; does nothing by default. */
  readonly crash?: (moment: StepMoment) => void;
  /** Told what broke unexpectedly; does nothing by default. */
  readonly report?: (fault: Fault) => void;
  /** Told when a run waits for a person or has ended, so that what it holds can be freed. */
  readonly rest?: (ref: RunRef) => void;
  /** Finds what an agent is to be shown; nothing by default. */
  readonly recall?: RunRecall;
}

/** How a step is to be executed. */
export interface StepOptions {
  readonly epoch: number;
  /** Attempts that the caller has made, this one included. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly signal: AbortSignal;
  /** The run's end if this outcome counts; null when it goes on, or nobody knows here. */
  readonly after: (outcome: StepOutcome) => RunEnd | null;
  /** The caller has given up: nothing is executed, the failure is journaled. */
  readonly giveUp?: Failure;
  /** The run's start is committed with the step. */
  readonly start?: boolean;
}

/** A step's outcome, and the run's end if it was committed with it. */
export interface StepExecution {
  readonly outcome: StepOutcome;
  readonly end?: RunEnd;
}

/** Executes steps; shared by all gears. */
export interface StepExecutor {
  readonly deps: Required<StepDeps>;
  readonly library: RunLibrary;
  readonly states: StateReader;
  /**
   * Executes a step and commits what came of it, or answers with what was recorded before. Throws
   * what may be tried again, the reason of an abort, and `step.superseded` when somebody else has
   * taken over or the run has ended.
   */
  executeStep(ref: RunRef, call: StepCall, options: StepOptions): Promise<StepExecution>;
}

/** An executor of steps with caches of its own: one per process. */
export function createStepExecutor(given: StepDeps): StepExecutor {
  const deps = {
    now: () => Date.now(),
    crash: () => undefined,
    report: () => undefined,
    rest: () => undefined,
    recall: async () => null,
    ...given,
  };
  const library = new RunLibrary(deps.journal);
  const states = new StateReader(deps.journal);
  const executor: StepExecutor = {
    deps,
    library,
    states,
    executeStep: async (ref, call, options) => {
      const execution = await execute(executor, { ref, call, options });
      if (execution.outcome.kind === 'wait' || execution.end !== undefined) deps.rest(ref);
      return execution;
    },
  };
  return executor;
}

interface Asked {
  readonly ref: RunRef;
  readonly call: StepCall;
  readonly options: StepOptions;
}

async function execute(executor: StepExecutor, asked: Asked): Promise<StepExecution> {
  const { deps, library, states } = executor;
  const { ref, call, options } = asked;
  const { epoch } = options;
  const startedAt = deps.now();
  const run = await library.run(ref);
  const version = await library.version(run);
  const node = version.graph.nodes[call.nodeId];
  const type = node === undefined ? null : deps.nodes.get(node.type);
  if (node === undefined || type === null) {
    throw new AppError('internal', `version ${version.id} has no executable node ${call.nodeId}`);
  }
  const place = { ref, epoch, key: call.key, channels: version.graph.channels };
  const before = await states.before(place);
  const scope = await scopeOf(executor, { run, version, call }, before.state);
  const offloader = createOffloader(deps.journal, ref.workspaceId);
  const told: EventDraft[] = [];
  const base = { run, version, call, node, epoch, scope, signal: options.signal, told };
  const opened = await openStep({
    journal: deps.journal,
    ref,
    epoch,
    call,
    reserves: type.reserves,
    showable: (fields) => offloader.fields(fields),
    prepare: async (memo, settled) => {
      const context = contextOf(executor, base, { attempt: 0, firstTry: true, memo, settled });
      return prepareNode(type, context);
    },
  });
  if (opened.kind === 'answered') return { outcome: opened.outcome };
  if (opened.kind === 'ended') return afterEnd(executor, asked);
  if (opened.attempt > 0) deps.crash('after-reserve');
  const result = await executeNode(type, contextOf(executor, base, opened), {
    tries: Math.max(options.attempt, opened.tries),
    maxAttempts: options.maxAttempts,
    giveUp: options.giveUp ?? null,
  });
  deps.crash('after-effect');
  const facts = { place, before, opened, options, run, version, call, startedAt };
  const commit: StepCommit = { ...facts, told };
  if (result.kind === 'wait') {
    const task = { ...result.task, subject: await offloader.value(result.task.subject) };
    const outcome: StepOutcome = { kind: 'wait', taskId: task.id, deadlineAt: task.deadlineAt };
    const waiting = { kind: 'wait', outcome, task, memo: result.memo } as const;
    return (await commitStep(executor, commit, waiting)) ?? afterEnd(executor, asked);
  }
  const { state } = before;
  const settled = await settleResult({ offloader, version, node, call, scope, state }, result);
  const written = await commitStep(executor, commit, { kind: 'settled', ...settled });
  return written ?? afterEnd(executor, asked);
}

/** The run has ended meanwhile: a step that finished before keeps its outcome, others are too late. */
async function afterEnd(executor: StepExecutor, asked: Asked): Promise<StepExecution> {
  const { ref, call, options } = asked;
  const record = await executor.deps.journal.loadStep(ref, options.epoch, call.stepId);
  const outcome = record?.outcome ?? null;
  const isFinished = record?.status === 'done' || record?.status === 'failed';
  if (outcome === null || !isFinished) throw new AppError('step.superseded', 'the run has ended');
  const end = options.after(outcome);
  if (end === null) return { outcome };
  return { outcome, end: standingEnd(await executor.library.freshRun(ref), end) };
}
