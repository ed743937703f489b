import { describe, expect, test } from '@jest/globals';
import { advance, begin } from './advance.ts';
import { CALL, DONE, ids, play, USAGE } from './play.fixture.ts';
import { planOf } from './plan.fixture.ts';
import type { StepOutcome } from '../contracts/step.ts';

describe('budgets', () => {
  const model = { ...USAGE, modelCalls: 1, inputTokens: 10, outputTokens: 5 };
  const loop = { type: 'model', to: 'a' };

  test.each([
    ['maxSteps', { maxSteps: 3 }, 3],
    ['maxModelCalls', { maxModelCalls: 4 }, 4],
    ['maxTokens', { maxTokens: 30 }, 3],
    ['maxDurationMs', { maxDurationMs: 50 }, 6],
  ])('end the run at its ceiling: %s', (name, budgets, steps) => {
    const plan = planOf({ a: loop }, budgets);
    let frontier = begin(plan, 0);
    let executed = 0;
    while (frontier.end === null) {
      executed += 1;
      const step = { stepId: `a:${executed}`, outcome: { ...DONE, usage: model } };
      frontier = advance(plan, frontier, { ...step, now: executed * 10 }).frontier;
    }
    expect(frontier.end).toMatchObject({ status: 'failed', error: { code: 'budget.exceeded' } });
    expect(JSON.stringify(frontier.end)).toContain(name);
    expect(executed).toBe(steps);
  });

  test('let a run end that is over a ceiling but has nothing more to do', () => {
    const plan = planOf({ a: { type: 'model' } }, { maxTokens: 1 });
    const { frontier } = play(plan, ['a:1', { ...DONE, usage: model }]);
    expect(frontier.end).toEqual({ status: 'succeeded' });
    expect(frontier.used).toEqual(model);
  });

  test('let steps go on that call no model when no model call is left', () => {
    const plan = planOf({ a: { type: 'model', to: 'b' }, b: {} }, { maxModelCalls: 1 });
    expect(ids(play(plan, ['a:1', { ...DONE, usage: model }]).frontier)).toEqual(['b:1']);
  });

  test('count calls that parallel branches are about to make', () => {
    const fork = { fork: { fan: ['a', 'b'] }, a: { type: 'tool' }, b: { type: 'tool' } };
    const { frontier, cancelled } = play(planOf(fork, { maxToolCalls: 1 }), 'fork:1');
    expect(JSON.stringify(frontier.end)).toContain('maxToolCalls');
    expect(cancelled).toEqual(['a:1@0.0']);
    expect(play(planOf(fork, { maxToolCalls: 2 }), 'fork:1').frontier.end).toBeNull();
  });

  test('count calls that a step asks for', () => {
    const plan = planOf({ a: { type: 'agent' } }, { maxToolCalls: 1 });
    const { frontier } = play(plan, ['a:1', { kind: 'spawn', calls: [CALL, CALL], usage: model }]);
    expect(JSON.stringify(frontier.end)).toContain('maxToolCalls');
  });

  test('do not count the model call of a waiting step twice', () => {
    const plan = planOf(
      { fork: { fan: ['a', 'b'] }, a: { type: 'agent' }, b: { to: 'c' }, c: { type: 'model' } },
      { maxModelCalls: 2 },
    );
    const wait: StepOutcome = { kind: 'wait', taskId: 't', deadlineAt: null, usage: model };
    expect(ids(play(plan, 'fork:1', ['a:1@0.0', wait], 'b:1@0.1').frontier)).toEqual([
      'a:1@0.0',
      'c:1@0.1',
    ]);
  });

  test('keep forks from nesting without end', () => {
    const plan = planOf({ fork: { fan: ['fork', 'end'] }, end: {} });
    let frontier = begin(plan, 0);
    for (
      let stepId: string | undefined = 'fork:1';
      stepId !== undefined && frontier.end === null;
    ) {
      frontier = advance(plan, frontier, { stepId, outcome: DONE, now: 0 }).frontier;
      stepId = ids(frontier).findLast((id) => id.startsWith('fork'));
    }
    expect(frontier.end).toMatchObject({ error: { code: 'graph.too_deep' } });
    expect(frontier.tokens).toEqual([]);
  });
});
