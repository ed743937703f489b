import { AppError, toFailure } from '../../contracts/app-error.ts';
import { StepDriver, toCall } from './step-driver.ts';
import { begin, settle } from '../../engine/advance.ts';
import { cancelSteps } from '../step/cancel-steps.ts';
import { createStepExecutor, type StepDeps } from '../step/execute-step.ts';
import { drive } from '../../engine/drive.ts';
import { finishRun } from '../step/finish-run.ts';
import { replay } from './replay.ts';
import { RUN_STARTED, stepRetrying, stepStarted } from '../step/event-data.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Decision, HumanTask } from '../../contracts/human-task.ts';
import type { Frontier, Token } from '../../contracts/frontier.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { StepExecution, StepExecutor, StepOptions } from '../step/execute-step.ts';

/** How a run in process is fed. */
export interface InProcessOptions {
  /** A person's decision, the clock's, or null: the run stays where it is. */
  readonly decide?: (task: HumanTask) => Promise<Decision | 'timeout' | null>;
  /** Pauses between attempts; none by default. */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Where a run in process came to a stop: at its end, or at tasks that nobody decided. */
export interface InProcessRun {
  readonly frontier: Frontier;
  readonly ran: readonly string[];
}

/** Longest pause between attempts that a provider may ask for. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Drives a whole run in this process, on any journal: no server, no workers. A run that was left
 * goes on behind what is journaled.
 */
export async function runInProcess(
  deps: StepDeps,
  ref: RunRef,
  options: InProcessOptions = {},
): Promise<InProcessRun> {
  const executor = createStepExecutor(deps);
  const { journal } = deps;
  const run = await executor.library.freshRun(ref);
  const { plan } = await executor.library.version(run);
  if (run.status === 'queued') {
    const { workspaceId, runId } = ref;
    const unit = { workspaceId, runId, epoch: run.epoch, start: true, events: [RUN_STARTED] };
    await journal.commit(unit);
  }
  const beginning = { ...begin(plan, run.createdAt), epoch: run.epoch };
  const replayed = await replay(journal, ref, { plan, frontier: beginning, except: [] });
  const ran = [...replayed.ran];
  let { frontier } = replayed;
  for (;;) {
    const turn = await driveOnce(executor, { ref, plan, frontier, options });
    ran.push(...turn.ran);
    frontier = turn.frontier;
    if (frontier.end !== null) return { frontier, ran };
    const decided = await decideAll(executor, { ref, plan, frontier, options });
    if (decided === frontier) return { frontier, ran };
    frontier = decided;
  }
}

interface InProcess {
  readonly ref: RunRef;
  readonly plan: Plan;
  readonly frontier: Frontier;
  readonly options: InProcessOptions;
}

async function driveOnce(executor: StepExecutor, at: InProcess): Promise<InProcessRun> {
  const { ref, plan, options } = at;
  const { now, journal } = executor.deps;
  const { epoch } = at.frontier;
  const driver = new StepDriver(
    {
      ref,
      epoch,
      signal: options.signal ?? new AbortController().signal,
      now,
      mayRun: () => true,
      shouldStop: () => false,
      run: (token, given) => runWithRetries(executor, { at, token, given }),
    },
    at.frontier,
  );
  const frontier = await drive(plan, at.frontier, driver);
  if (frontier.end === null) {
    await cancelSteps(journal, ref, { epoch, calls: driver.dropped });
    return { frontier, ran: driver.ran };
  }
  const end = driver.end ?? (await finishRun(executor, ref, { epoch, end: frontier.end }));
  return { frontier: { ...frontier, end }, ran: driver.ran };
}

/** All attempts of a step; the last failure is journaled. */
async function runWithRetries(
  executor: StepExecutor,
  step: {
    readonly at: InProcess;
    readonly token: Token;
    readonly given: Pick<StepOptions, 'epoch' | 'signal' | 'after'>;
  },
): Promise<StepExecution> {
  const { at, token, given } = step;
  const call = toCall(token);
  const { maxAttempts } = token.retry;
  const sleep = at.options.sleep ?? (() => Promise.resolve());
  for (let attempt = 1; ; attempt += 1) {
    const limit = { signal: given.signal, limitMs: token.timeoutMs };
    try {
      return await withTimeLimit(limit, (signal) =>
        executor.executeStep(at.ref, call, { ...given, signal, attempt, maxAttempts }),
      );
    } catch (error) {
      given.signal.throwIfAborted();
      if (!(error instanceof AppError) || !error.retryable) throw error;
      if (attempt >= maxAttempts) {
        const giveUp = toFailure(error);
        return executor.executeStep(at.ref, call, { ...given, attempt, maxAttempts, giveUp });
      }
      await sleep(Math.min(error.retryAfterMs ?? pauseOf(token, attempt), LONGEST_PAUSE_MS));
    }
  }
}

function pauseOf({ retry }: Token, attempt: number): number {
  return Math.min(retry.initialIntervalMs * retry.backoff ** (attempt - 1), retry.maxIntervalMs);
}

/** Settles what is decided among the open tasks; the same frontier if nothing is. */
async function decideAll(executor: StepExecutor, at: InProcess): Promise<Frontier> {
  const { ref, options } = at;
  let { frontier } = at;
  for (const token of at.frontier.tokens) {
    if (token.waitingFor === undefined || options.decide === undefined) continue;
    const { taskId } = token.waitingFor;
    const task = await openTask(executor, ref, { token, epoch: frontier.epoch });
    if (task !== null) {
      const decision = await options.decide(task);
      if (decision === null) continue;
      await executor.deps.journal.settle(ref, taskId, decision);
    }
    frontier = settle(frontier, taskId);
  }
  return frontier;
}

/** The task that a step waits for; null if it was settled meanwhile. */
async function openTask(
  { deps }: StepExecutor,
  ref: RunRef,
  { token, epoch }: { readonly token: Token; readonly epoch: number },
): Promise<HumanTask | null> {
  const call = toCall(token);
  const found = await deps.journal.reserve({
    workspaceId: ref.workspaceId,
    runId: ref.runId,
    call,
    epoch,
    started: stepStarted(call, {}),
    retrying: stepRetrying(call),
    memo: {},
    resume: false,
  });
  return found.kind === 'waiting' && found.settlement === null ? found.task : null;
}
