import { describe, expect, test } from '@jest/globals';
import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { AppError } from '../contracts/app-error.ts';
import { chain, countingTool, decision, prepareRun } from '../tests/execution/harness.ts';
import { createAgentRunActivities } from './agent-run-activities.ts';
import type { AgentRunActivities, RunStepArgs } from './agent-run-types.ts';
import type { ChatModels } from '../adapters/models/port.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { NodeSpec } from '../contracts/agent-spec.ts';
import type { Scenario } from '../tests/execution/harness.ts';

const LAST: NodeSpec = {
  id: 'end',
  type: 'end',
  config: { value: 'input' },
  durability: 'step',
};
const ASK = { id: 'ask', type: 'model', config: { model: { provider: 'default' } } };

interface Opened {
  readonly run: ReturnType<typeof prepareRun>;
  readonly activities: AgentRunActivities;
  readonly args: RunStepArgs;
  readonly frontier: Frontier;
  readonly perform: <A, R>(
    activity: (args: A) => Promise<R>,
    args: A,
    attempt?: number,
  ) => Promise<R>;
}

function environmentOf(attempt: number): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
}

/** A run whose first segment has been run, with the step that is ready then. */
async function open(scenario: Scenario): Promise<Opened> {
  const run = prepareRun(scenario);
  const activities = createAgentRunActivities(run.deps);
  const perform: Opened['perform'] = (activity, args, attempt = 1) =>
    environmentOf(attempt).run(activity, args);
  const { frontier } = await perform(activities.runSegment, {
    ...run.ref,
    frontier: null,
    handedBack: [],
  });
  const call = frontier.tokens[0];
  if (call === undefined) throw new Error('no step is ready');
  return {
    run,
    activities,
    perform,
    frontier,
    args: { ...run.ref, epoch: 0, call, maxAttempts: 2 },
  };
}

const failing = (error: Error): ChatModels => ({ call: () => Promise.reject(error) });

describe('runStep', () => {
  test('answers with the outcome, and with the end where nothing else is in flight', async () => {
    const opened = await open({ spec: chain([LAST]), input: 'hi' });
    const { activities, args, perform, frontier, run } = opened;
    const result = await perform(activities.runStep, { ...args, frontier });
    expect(result).toMatchObject({ outcome: { kind: 'done' }, end: { status: 'succeeded' } });
    expect(await run.output()).toBe('hi');
    const again = await perform(activities.runStep, args);
    expect(again.outcome).toEqual(result.outcome);
    expect(run.events('step.completed')).toHaveLength(1);
  });

  test('leaves the end to finishRun otherwise', async () => {
    const { activities, args, perform, run } = await open({ spec: chain([LAST]), input: 'hi' });
    expect(await perform(activities.runStep, args)).not.toHaveProperty('end');
    const finish = { ...run.ref, epoch: 0, end: { status: 'succeeded' } as const };
    expect(await perform(activities.finishRun, finish)).toEqual({ end: { status: 'succeeded' } });
    expect(await perform(activities.finishRun, finish)).toEqual({ end: { status: 'succeeded' } });
    expect(await run.output()).toBe('hi');
    expect(run.events('run.succeeded')).toHaveLength(1);
  });

  test.each([
    [new AppError('model.rate_limited', 'slow down', { retryAfterMs: 7_000 }), false, '7s'],
    [new AppError('model.unavailable', 'down'), false, undefined],
  ])('tells Temporal what may be tried again: %s', async (error, nonRetryable, delay) => {
    const { activities, args, perform } = await open({
      spec: chain([ASK]),
      models: failing(error),
    });
    await expect(perform(activities.runStep, args)).rejects.toMatchObject({
      type: error.code,
      message: error.message,
      nonRetryable,
      nextRetryDelay: delay === undefined ? undefined : 7_000,
    });
  });

  test('journals the failure of the last attempt', async () => {
    const models = failing(new AppError('model.unavailable', 'down'));
    const { activities, args, perform, run } = await open({ spec: chain([ASK]), models });
    const { outcome } = await perform(activities.runStep, args, 2);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'model.unavailable' } });
    expect(run.events('step.failed')).toHaveLength(1);
  });

  test('heartbeats and stops when it is cancelled, and journals nothing', async () => {
    const models: ChatModels = {
      call: (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
    const { activities, args, run } = await open({ spec: chain([ASK]), models });
    const environment = environmentOf(1);
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
      setTimeout(() => environment.cancel('CANCELLED'), 10);
    });
    await expect(environment.run(activities.runStep, args)).rejects.toMatchObject({
      name: 'CancelledFailure',
    });
    expect(beats).toBe(1);
    expect(run.events().at(-1)?.type).toBe('step.started');
  });
});

describe('failStep', () => {
  const failure = { code: 'step.timed_out', message: 'too long' } as const;

  test('journals that the step was given up', async () => {
    const { activities, args, perform, run } = await open({ spec: chain([ASK]) });
    const { outcome } = await perform(activities.failStep, { ...args, failure });
    expect(outcome).toEqual({ kind: 'failed', error: failure });
    expect(run.events('step.failed')).toMatchObject([{ data: { error: failure } }]);
    const again = await perform(activities.failStep, { ...args, failure });
    expect(again.outcome).toEqual(outcome);
  });

  test.each([
    ['once', 'wait'],
    ['keyed', 'failed'],
  ] as const)('asks about a %s tool that may have acted: %s', async (effect, kind) => {
    const tool = countingTool(effect, {}, () => new Promise(() => undefined));
    const spec = chain([{ id: 'act', type: 'tool', config: { tool: tool.name } }]);
    const opened = await open({ spec, tools: [tool] });
    const { activities, args, perform } = opened;
    const environment = environmentOf(1);
    const lost = environment.run(activities.runStep, args).catch(() => undefined);
    while (tool.executed.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const { outcome } = await perform(activities.failStep, { ...args, failure });
    expect(outcome.kind).toBe(kind);
    environment.cancel('CANCELLED');
    await lost;
    expect(tool.executed).toHaveLength(1);
  });

  test('does not ask about a tool that was never reached', async () => {
    const tool = countingTool('once');
    const spec = chain([{ id: 'act', type: 'tool', config: { tool: tool.name } }]);
    const { activities, args, perform } = await open({ spec, tools: [tool] });
    const { outcome } = await perform(activities.failStep, { ...args, failure });
    expect(outcome).toEqual({ kind: 'failed', error: failure });
  });
});

describe('human tasks', () => {
  const spec = chain([
    { id: 'ask', type: 'human', config: { title: 'Fine?', allow: ['approve'] } },
  ]);

  test('are settled once: the first decision stands', async () => {
    const { activities, perform, run } = await open({ spec });
    const taskId = run.tasks()[0]?.id ?? '';
    const first = decision('approve');
    const args = { ...run.ref, taskId };
    const standing = { by: 'decision', decisionId: first.decisionId };
    expect(await perform(activities.recordDecision, { ...args, decision: first })).toEqual(
      standing,
    );
    const second = { ...args, decision: decision('approve') };
    expect(await perform(activities.recordDecision, second)).toEqual(standing);
    expect(await perform(activities.expireTask, args)).toEqual(standing);
    expect(run.events('human_task.decided')).toHaveLength(1);
  });

  test('expire', async () => {
    const { activities, perform, run } = await open({ spec });
    const args = { ...run.ref, taskId: run.tasks()[0]?.id ?? '' };
    expect(await perform(activities.expireTask, args)).toEqual({ by: 'timeout' });
  });

  test('go with their step when it is dropped', async () => {
    const { activities, perform, run, frontier } = await open({ spec });
    const args = { ...run.ref, epoch: 0, calls: frontier.tokens };
    await perform(activities.cancelSteps, args);
    await perform(activities.cancelSteps, args);
    expect(run.tasks()[0]?.status).toBe('cancelled');
    expect(run.events('step.cancelled')).toHaveLength(1);
  });

  test('go with their run when it is cancelled', async () => {
    const { activities, perform, run } = await open({ spec });
    const end = { status: 'cancelled' } as const;
    const args = { ...run.ref, epoch: 0, end };
    expect(await perform(activities.finishRun, args)).toEqual({ end });
    expect(run.tasks()[0]?.status).toBe('cancelled');
    expect(run.events().at(-1)?.type).toBe('run.cancelled');
    const late = { ...args, end: { status: 'succeeded' } as const };
    expect(await perform(activities.finishRun, late)).toEqual({ end });
  });
});
