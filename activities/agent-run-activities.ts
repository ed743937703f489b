import { Context } from '@temporalio/activity';
import { advance } from '../engine/advance.ts';
import { asActivity, beating } from './as-activity.ts';
import { cancelSteps } from './step/cancel-steps.ts';
import { createPatientJournal } from './step/patient-journal.ts';
import { createSegmentRunner } from './segment/run-segment.ts';
import { createStepExecutor, type StepDeps, type StepExecutor } from './step/execute-step.ts';
import { finishRun } from './step/finish-run.ts';
import type {
  AgentRunActivities,
  FailStepArgs,
  RunStepArgs,
  RunStepResult,
  SettledTask,
} from './agent-run-types.ts';
import type { RunEnd } from '../contracts/frontier.ts';
import type { Settlement } from '../contracts/human-task.ts';
import type { StepOutcome } from '../contracts/step.ts';

/** An outage of the journal shorter than this costs no attempt. */
const JOURNAL_PATIENCE_MS = 15_000;
const NEVER = new AbortController().signal;

/** The activities of runs, for a worker to register; one set per process. */
export function createAgentRunActivities(given: StepDeps): AgentRunActivities {
  const journal = createPatientJournal(given.journal, {
    maxMs: JOURNAL_PATIENCE_MS,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: () => Date.now(),
  });
  const executor = createStepExecutor({ ...given, journal });
  const segments = createSegmentRunner(executor);
  return {
    runSegment: ({ workspaceId, runId, frontier, handedBack, withPlan }) =>
      asActivity(() =>
        segments.runSegment({
          ref: { workspaceId, runId },
          frontier,
          handedBack,
          withPlan: withPlan ?? false,
          signal: signalOf(),
        }),
      ),
    runStep: (args) => asActivity(() => beating(() => runStep(executor, args))),
    failStep: (args) => asActivity(() => failStep(executor, args)),
    recordDecision: ({ workspaceId, runId, taskId, decision }) =>
      asActivity(async () => {
        return toSettledTask(await journal.settle({ workspaceId, runId }, taskId, decision));
      }),
    expireTask: ({ workspaceId, runId, taskId }) =>
      asActivity(async () => {
        return toSettledTask(await journal.settle({ workspaceId, runId }, taskId, 'timeout'));
      }),
    cancelSteps: ({ workspaceId, runId, epoch, calls }) =>
      asActivity(() => cancelSteps(journal, { workspaceId, runId }, { epoch, calls })),
    finishRun: ({ workspaceId, runId, epoch, end }) =>
      asActivity(async () => {
        const ended = await finishRun(executor, { workspaceId, runId }, { epoch, end });
        executor.deps.rest({ workspaceId, runId });
        return { end: ended };
      }),
  };
}

async function runStep(executor: StepExecutor, args: RunStepArgs): Promise<RunStepResult> {
  const { workspaceId, runId, epoch, call, maxAttempts } = args;
  const { attempt } = Context.current().info;
  const after = await previewOf(executor, args);
  const signal = signalOf();
  const options = { epoch, attempt, maxAttempts, signal, after };
  return executor.executeStep({ workspaceId, runId }, call, options);
}

async function failStep(executor: StepExecutor, args: FailStepArgs): Promise<RunStepResult> {
  const { workspaceId, runId, epoch, call, failure } = args;
  const after = await previewOf(executor, args);
  const options = { epoch, attempt: 1, maxAttempts: 1, signal: NEVER, after, giveUp: failure };
  return executor.executeStep({ workspaceId, runId }, call, options);
}

/** The run's end after an outcome, where the workflow says that nothing else is in flight. */
async function previewOf(
  executor: StepExecutor,
  { workspaceId, runId, call, frontier }: RunStepArgs | FailStepArgs,
): Promise<(outcome: StepOutcome) => RunEnd | null> {
  if (frontier === undefined) return () => null;
  const run = await executor.library.run({ workspaceId, runId });
  const { plan } = await executor.library.version(run);
  const { stepId } = call;
  return (outcome) =>
    advance(plan, frontier, { stepId, outcome, now: executor.deps.now() }).frontier.end;
}

function toSettledTask(settlement: Settlement): SettledTask {
  if (settlement.by === 'timeout') return { by: 'timeout' };
  return { by: 'decision', decisionId: settlement.decision.decisionId };
}

/** The signal of a cancelled activity; its reason is rethrown, so that Temporal understands it. */
function signalOf(): AbortSignal {
  return Context.current().cancellationSignal;
}
