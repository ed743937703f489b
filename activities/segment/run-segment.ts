import { AppError } from '../../contracts/app-error.ts';
import { HandBack, drive } from '../../engine/drive.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { RUN_STARTED } from '../step/event-data.ts';
import { StepDriver, toCall } from './step-driver.ts';
import { begin, cancelRun } from '../../engine/advance.ts';
import { cancelSteps } from '../step/cancel-steps.ts';
import { finishRun } from '../step/finish-run.ts';
import { isTerminal } from '../../contracts/status.ts';
import { replay } from './replay.ts';
import { withTimeLimit } from './time-limit.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Frontier, Token } from '../../contracts/frontier.ts';
import type { RunAgent, RunSegmentResult } from '../agent-run-types.ts';
import type { RunFacts, RunRef } from '../../contracts/journal.ts';
import type { StepExecution, StepExecutor, StepOptions } from '../step/execute-step.ts';

/** A segment holds the run's workflow; a step that takes longer is left to its own activity. */
const LONGEST_STEP_MS = 15_000;

/** When a segment returns at the latest. */
export interface SegmentLimits {
  readonly segmentMs: number;
  readonly segmentSteps: number;
}

/** A segment to run. */
export interface Segment {
  readonly ref: RunRef;
  /** Null for a run that begins. */
  readonly frontier: Frontier | null;
  /** Steps that must not run here. */
  readonly handedBack: readonly string[];
  /** Ask for plan and agent although the run has begun. */
  readonly withPlan?: boolean;
  readonly signal: AbortSignal;
  /** Those of the service by default. */
  readonly limits?: SegmentLimits;
}

/** Drives cheap steps, one after the other, in one go. */
export interface SegmentRunner {
  runSegment(segment: Segment): Promise<RunSegmentResult>;
}

/** A runner of segments on an executor of steps. */
export function createSegmentRunner(executor: StepExecutor): SegmentRunner {
  return { runSegment: (segment) => runSegment(executor, segment) };
}

async function runSegment(executor: StepExecutor, segment: Segment): Promise<RunSegmentResult> {
  const { ref } = segment;
  const { journal } = executor.deps;
  const begins = segment.frontier === null;
  const run = begins ? await executor.library.freshRun(ref) : await executor.library.run(ref);
  const version = await executor.library.version(run);
  const { plan } = version;
  const from = segment.frontier ?? { ...begin(plan, run.createdAt), epoch: run.epoch };
  const isNew = begins && run.status === 'queued';
  const replayed = isNew
    ? { frontier: from, ran: [] }
    : await replay(journal, ref, { plan, frontier: from, except: segment.handedBack });
  const start = new Start(executor, ref, { epoch: from.epoch, pending: isNew });
  const brought = begins || segment.withPlan === true ? { plan, agent: agentOf(run, version) } : {};
  if (begins && isTerminal(run.status)) {
    const { frontier } = run.status === 'cancelled' ? cancelRun(replayed.frontier) : replayed;
    return { frontier, ran: replayed.ran, handedBack: segment.handedBack, ...brought };
  }
  const driver = driverOf(executor, segment, { frontier: replayed.frontier, version, start });
  const frontier = await drive(plan, replayed.frontier, driver);
  await start.commit();
  const ended = await concluded(executor, ref, { driver, frontier });
  return {
    frontier: ended,
    ran: [...replayed.ran, ...driver.ran],
    handedBack: [...new Set([...segment.handedBack, ...driver.handedBack])],
    ...brought,
  };
}

function agentOf(run: RunFacts, version: CompiledVersion): RunAgent {
  return {
    agentId: version.agentId,
    name: version.agentName,
    versionId: run.versionId,
    version: version.version,
  };
}

/** The run's start: committed with its first step where that is possible, else alone, but once. */
class Start {
  readonly #executor: StepExecutor;
  readonly #ref: RunRef;
  readonly #epoch: number;
  #pending: boolean;

  constructor(
    executor: StepExecutor,
    ref: RunRef,
    at: { readonly epoch: number; readonly pending: boolean },
  ) {
    this.#executor = executor;
    this.#ref = ref;
    this.#epoch = at.epoch;
    this.#pending = at.pending;
  }

  async commit(): Promise<void> {
    if (!this.#pending) return;
    const { workspaceId, runId } = this.#ref;
    const events = [RUN_STARTED];
    const unit = { workspaceId, runId, epoch: this.#epoch, start: true, events };
    await this.#executor.deps.journal.commit(unit);
    this.#pending = false;
  }

  /** Runs a step that carries the start along if it can: a reservation would come before it. */
  async with(
    reserves: boolean,
    run: (start: boolean) => Promise<StepExecution>,
  ): Promise<StepExecution> {
    if (reserves) await this.commit();
    const carries = this.#pending;
    const execution = await run(carries);
    if (carries) this.#pending = false;
    return execution;
  }
}

function driverOf(
  executor: StepExecutor,
  segment: Segment,
  at: { readonly frontier: Frontier; readonly version: CompiledVersion; readonly start: Start },
): StepDriver {
  const { ref, signal } = segment;
  const { now } = executor.deps;
  const limits = segment.limits ?? LIMITS;
  const until = now() + limits.segmentMs;
  const blocked = new Set(segment.handedBack);
  return new StepDriver(
    {
      ref,
      epoch: at.frontier.epoch,
      signal,
      now,
      mayRun: ({ gear, stepId }) => gear === 'segment' && !blocked.has(stepId),
      shouldStop: (started) => started >= limits.segmentSteps || now() >= until,
      run: (token, options) => {
        const type = at.version.graph.nodes[token.nodeId]?.type ?? '';
        const reserves = executor.deps.nodes.get(type)?.reserves ?? true;
        return at.start.with(reserves, (start) =>
          runCheapStep(executor, { ref, token, options: { ...options, start } }),
        );
      },
    },
    at.frontier,
  );
}

async function runCheapStep(
  executor: StepExecutor,
  step: {
    readonly ref: RunRef;
    readonly token: Token;
    readonly options: Pick<StepOptions, 'epoch' | 'signal' | 'after' | 'start'>;
  },
): Promise<StepExecution> {
  const { ref, token, options } = step;
  const call = toCall(token);
  const limitMs = Math.min(token.timeoutMs, LONGEST_STEP_MS);
  const { maxAttempts } = token.retry;
  try {
    return await withTimeLimit({ signal: options.signal, limitMs }, (signal) =>
      executor.executeStep(ref, call, { ...options, signal, attempt: 1, maxAttempts }),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    // An activity of its own waits between attempts, and may take its time.
    if (isLeftToActivity(error)) throw new HandBack();
    throw error;
  }
}

/** An unreachable journal is no failure of the step: the segment is tried again as a whole. */
function isLeftToActivity(error: unknown): boolean {
  return error instanceof AppError && error.retryable && error.code !== 'service.unavailable';
}

/** Journals what the engine decided and no step's commit has written. */
async function concluded(
  executor: StepExecutor,
  ref: RunRef,
  at: { readonly driver: StepDriver; readonly frontier: Frontier },
): Promise<Frontier> {
  const { driver, frontier } = at;
  const { epoch, end } = frontier;
  if (end === null) {
    await cancelSteps(executor.deps.journal, ref, { epoch, calls: driver.dropped });
    return frontier;
  }
  const standing = driver.end ?? (await finishRun(executor, ref, { epoch, end }));
  return { ...frontier, end: standing };
}
