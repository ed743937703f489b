import { expect, test } from '@jest/globals';
import { frontierAt } from './frontier-at.ts';
import { planOf } from './plan.fixture.ts';
import type { StepOutcome } from '../contracts/step.ts';
import type { StepRecord } from '../contracts/records.ts';

const USAGE = { modelCalls: 1, toolCalls: 0, inputTokens: 4, outputTokens: 2 };

function recordOf(stepId: string, outcome: StepOutcome | null): StepRecord {
  const [nodeId = ''] = stepId.split(':');
  return {
    runId: 'run_1',
    stepId,
    epoch: 0,
    nodeId,
    op: 'node',
    visit: 1,
    key: '00000',
    status: outcome === null ? 'running' : 'done',
    attempt: 1,
    outcome,
    result: null,
    error: null,
    usage: USAGE,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
  };
}

const PLAN = planOf({ a: { type: 'model', to: 'b' }, b: { to: 'c' }, c: {} }, { maxDurationMs: 1 });

test('a frontier is rebuilt from recorded outcomes', () => {
  const frontier = frontierAt(
    PLAN,
    [recordOf('a:1', { kind: 'done' }), recordOf('b:1', null)],
    1_000,
  );
  expect(frontier.tokens).toMatchObject([{ stepId: 'b:1' }]);
  expect(frontier.used).toEqual(USAGE);
  expect(frontier.startedAt).toBe(1_000);
});

test('a step that waits is rebuilt as waiting, its use counted when it ends', () => {
  const wait: StepOutcome = { kind: 'wait', taskId: 't', deadlineAt: null, usage: USAGE };
  const waiting = frontierAt(PLAN, [recordOf('a:1', wait)]);
  expect(waiting.tokens).toMatchObject([{ stepId: 'a:1', waitingFor: { taskId: 't' } }]);
  const done = frontierAt(PLAN, [recordOf('a:1', wait), recordOf('a:1', { kind: 'done' })]);
  expect(done.used).toEqual(USAGE);
});

test('without steps a run is at its start', () => {
  expect(frontierAt(PLAN, []).tokens).toMatchObject([{ stepId: 'a:1' }]);
});
