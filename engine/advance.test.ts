import { describe, expect, test } from '@jest/globals';
import { advance, begin, cancelRun, failRun, settle, type Advanced } from './advance.ts';
import { ONE_ATTEMPT, planOf } from './plan.fixture.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { SpawnedCall, StepOutcome, Usage } from '../contracts/step.ts';

const DONE: StepOutcome = { kind: 'done' };
const BROKEN: Failure = { code: 'tool.failed', message: 'the tool failed' };
const FAILED: StepOutcome = { kind: 'failed', error: BROKEN };
const CALL: SpawnedCall = { gear: 'step', timeoutMs: 5, retry: ONE_ATTEMPT, heartbeat: true };
const USAGE: Usage = { modelCalls: 0, toolCalls: 0, inputTokens: 0, outputTokens: 0 };

function ids(frontier: Frontier): readonly string[] {
  return frontier.tokens.map((token) => token.stepId);
}

/** Applies outcomes in order; a bare id is `done`. */
function play(plan: Plan, ...moves: readonly (string | [string, StepOutcome])[]): Advanced {
  let state: Advanced = { frontier: begin(plan, 0), cancelled: [] };
  for (const move of moves) {
    const [stepId, outcome] = typeof move === 'string' ? [move, DONE] : move;
    expect(ids(state.frontier)).toContain(stepId);
    state = advance(plan, state.frontier, { stepId, outcome, now: 0 });
  }
  return state;
}

const JOINED = planOf({
  fork: { fan: ['a', 'b'] },
  a: { to: 'join' },
  b: { to: 'join' },
  join: { join: { mode: 'all', depth: 0 }, to: 'end' },
  end: {},
});

describe('advance', () => {
  test('begins with the start node, ready', () => {
    expect(begin(planOf({ a: {} }), 7)).toEqual({
      epoch: 0,
      tokens: [
        {
          stepId: 'a:1',
          nodeId: 'a',
          op: 'node',
          visit: 1,
          key: '00000',
          gear: 'segment',
          timeoutMs: 1_000,
          heartbeat: false,
          retry: ONE_ATTEMPT,
        },
      ],
      spawns: [],
      joins: [],
      visits: { 'a@': 1 },
      steps: 1,
      used: USAGE,
      startedAt: 7,
      end: null,
    });
  });

  test('follows a normal edge and succeeds behind the last node', () => {
    const plan = planOf({ a: { to: 'b' }, b: {} });
    expect(ids(play(plan, 'a:1').frontier)).toEqual(['b:1']);
    expect(play(plan, 'a:1', 'b:1').frontier.end).toEqual({ status: 'succeeded' });
  });

  test('counts the visits of a loop', () => {
    const plan = planOf({ a: { cases: ['a'], else: 'end' }, end: {} });
    const again: StepOutcome = { kind: 'done', take: 0 };
    const { frontier } = play(
      plan,
      ['a:1', again],
      ['a:2', again],
      ['a:3', { kind: 'done', take: -1 }],
    );
    expect(ids(frontier)).toEqual(['end:1']);
    expect(frontier.tokens[0]?.key).toBe('00003');
  });

  test.each([
    ['no else', { cases: ['a'] }, -1],
    ['an index out of range', { cases: ['a'], else: 'a' }, 1],
    ['no decision', { cases: ['a'], else: 'a' }, undefined],
  ])('fails a run for which no case holds: %s', (_, sketch, take) => {
    const outcome: StepOutcome = { kind: 'done', ...(take === undefined ? {} : { take }) };
    const { frontier } = play(planOf({ a: sketch }), ['a:1', outcome]);
    expect(frontier.end).toMatchObject({ status: 'failed', error: { code: 'graph.no_branch' } });
  });

  test('ignores outcomes of steps that it does not wait for', () => {
    const { frontier } = play(JOINED, 'fork:1', 'a:1@0.0');
    for (const stepId of ['a:1@0.0', 'nobody:1']) {
      expect(advance(JOINED, frontier, { stepId, outcome: DONE, now: 0 })).toEqual({
        frontier,
        cancelled: [],
      });
    }
  });

  test('leaves the frontier that it is given as it was', () => {
    const before = begin(JOINED, 0);
    const copy = structuredClone(before);
    advance(JOINED, before, { stepId: 'fork:1', outcome: DONE, now: 0 });
    expect(before).toEqual(copy);
  });

  test('says so when plan and frontier do not belong together', () => {
    const frontier = begin(planOf({ constructor: {} }), 0);
    expect(() =>
      advance(planOf({ a: {} }), frontier, { stepId: 'constructor:1', outcome: DONE, now: 0 }),
    ).toThrow('no node constructor');
  });

  test('keeps a waiting step until its task is settled', () => {
    const plan = planOf({ a: { to: 'b' }, b: {} });
    const waiting = play(plan, ['a:1', { kind: 'wait', taskId: 't1', deadlineAt: 9 }]).frontier;
    expect(waiting.tokens[0]?.waitingFor).toEqual({ taskId: 't1', deadlineAt: 9 });
    expect(waiting.end).toBeNull();
    expect(settle(waiting, 'other')).toBe(waiting);
    const ready = settle(waiting, 't1');
    expect(ready.tokens[0]).not.toHaveProperty('waitingFor');
    expect(ids(advance(plan, ready, { stepId: 'a:1', outcome: DONE, now: 0 }).frontier)).toEqual([
      'b:1',
    ]);
  });

  test.each([
    ['cancelled', cancelRun, { status: 'cancelled' }],
    ['failed', (at: Frontier) => failRun(at, BROKEN), { status: 'failed', error: BROKEN }],
  ])('ends a run as %s once, giving up its steps', (_, endRun, end) => {
    const { frontier } = play(JOINED, 'fork:1');
    const ended = endRun(frontier);
    expect(ended.cancelled).toEqual(['a:1@0.0', 'b:1@0.1']);
    expect(ended.frontier).toMatchObject({ end, tokens: [], spawns: [], joins: [] });
    const again = cancelRun(ended.frontier);
    expect(again).toEqual({ frontier: ended.frontier, cancelled: [] });
  });
});

describe('failures', () => {
  test('end the run and give up the other branches', () => {
    const { frontier, cancelled } = play(JOINED, 'fork:1', ['a:1@0.0', FAILED]);
    expect(frontier.end).toEqual({ status: 'failed', error: BROKEN });
    expect(frontier.tokens).toEqual([]);
    expect(cancelled).toEqual(['b:1@0.1']);
  });

  test('go where the node says', () => {
    const plan = planOf({ a: { goto: 'rescue' }, rescue: {} });
    expect(ids(play(plan, ['a:1', FAILED]).frontier)).toEqual(['rescue:1']);
  });

  test('of a call fail the run', () => {
    const { frontier, cancelled } = play(
      planOf({ a: {} }),
      ['a:1', { kind: 'spawn', calls: [CALL, CALL] }],
      ['a.call:1@0.0', FAILED],
    );
    expect(frontier.end).toEqual({ status: 'failed', error: BROKEN });
    expect(cancelled).toEqual(['a.call:2@0.1']);
  });

  test('of a call go where the node says, without the other calls', () => {
    const plan = planOf({ a: { goto: 'rescue' }, rescue: {} });
    const { frontier, cancelled } = play(
      plan,
      ['a:1', { kind: 'spawn', calls: [CALL, CALL] }],
      ['a.call:2@0.1', FAILED],
    );
    expect(cancelled).toEqual(['a.call:1@0.0']);
    expect(frontier.spawns).toEqual([]);
    expect(frontier.tokens).toMatchObject([{ stepId: 'rescue:1', key: '00001' }]);
  });
});

describe('calls', () => {
  test('run in branches and lead back to their node', () => {
    const plan = planOf({ a: { to: 'end' }, end: {} });
    const asked = play(plan, ['a:1', { kind: 'spawn', calls: [CALL, CALL] }]).frontier;
    expect(asked.spawns).toEqual([{ stepId: 'a:1', nodeId: 'a', key: '00000', open: 2 }]);
    expect(asked.tokens[1]).toEqual({
      stepId: 'a.call:2@0.1',
      nodeId: 'a',
      op: 'call',
      visit: 1,
      key: '00000.00001.00000',
      parentStepId: 'a:1',
      callIndex: 1,
      ...CALL,
    });
    const back = play(
      plan,
      ['a:1', { kind: 'spawn', calls: [CALL, CALL] }],
      'a.call:2@0.1',
      'a.call:1@0.0',
    ).frontier;
    expect(back.tokens).toMatchObject([{ stepId: 'a:2', op: 'node', key: '00001', visit: 2 }]);
  });

  test('that are none lead back at once', () => {
    const { frontier } = play(planOf({ a: {} }), ['a:1', { kind: 'spawn', calls: [] }]);
    expect(ids(frontier)).toEqual(['a:2']);
  });

  test('lead back to a node that is a join without waiting again', () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'join' },
      b: { to: 'join' },
      join: { join: { mode: 'all', depth: 0 } },
    });
    const { frontier } = play(
      plan,
      'fork:1',
      'a:1@0.0',
      'b:1@0.1',
      ['join:1', { kind: 'spawn', calls: [CALL] }],
      'join.call:1@1.0',
    );
    expect(frontier.tokens).toMatchObject([{ stepId: 'join:2', key: '00002' }]);
  });

  test('may not ask for calls themselves', () => {
    const spawn: StepOutcome = { kind: 'spawn', calls: [CALL] };
    const { frontier } = play(planOf({ a: {} }), ['a:1', spawn], ['a.call:1@0.0', spawn]);
    expect(frontier.end).toMatchObject({ status: 'failed', error: { code: 'internal' } });
  });
});

describe('joins', () => {
  const race = (mode: 'any' | 'n', count: number): Plan =>
    planOf({
      fork: { fan: ['a', 'b', 'c'] },
      a: { to: 'join' },
      b: { to: 'b2' },
      b2: { to: 'join' },
      c: { cases: ['join'], else: 'end' },
      join: {
        join: mode === 'any' ? { mode, depth: 0 } : { mode, count, depth: 0 },
        to: 'end',
      },
      end: {},
    });

  test('wait for all branches and go on behind the fork', () => {
    const waiting = play(JOINED, 'fork:1', 'b:1@0.1').frontier;
    expect(ids(waiting)).toEqual(['a:1@0.0']);
    expect(waiting.joins).toEqual([{ nodeId: 'join', path: '', forkIndex: 0, arrived: 1 }]);
    const { frontier } = play(JOINED, 'fork:1', 'b:1@0.1', 'a:1@0.0');
    expect(frontier.tokens).toMatchObject([{ stepId: 'join:1', key: '00001' }]);
    expect(frontier.joins).toEqual([]);
    expect(frontier.visits).toEqual({ 'fork@': 1, 'join@': 1 });
  });

  test('of mode all do not wait for branches that have ended elsewhere', () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'join' },
      b: { to: 'end' },
      join: { join: { mode: 'all', depth: 0 }, to: 'end' },
      end: {},
    });
    expect(ids(play(plan, 'fork:1', 'a:1@0.0', 'b:1@0.1').frontier)).toEqual(['end:1@0.1']);
    const first = play(plan, 'fork:1', 'a:1@0.0', 'b:1@0.1', 'end:1@0.1').frontier;
    const second = play(plan, 'fork:1', 'b:1@0.1', 'end:1@0.1', 'a:1@0.0').frontier;
    expect(ids(first)).toEqual(['join:1']);
    expect(second).toEqual(first);
  });

  test('that nobody comes to never fire', () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { cases: ['join'], else: 'end' },
      b: { to: 'end' },
      join: { join: { mode: 'all', depth: 0 }, to: 'end' },
      end: {},
    });
    const end = play(
      plan,
      'fork:1',
      ['a:1@0.0', { kind: 'done', take: -1 }],
      'b:1@0.1',
      'end:1@0.0',
      'end:1@0.1',
    ).frontier.end;
    expect(end).toEqual({ status: 'succeeded' });
  });

  test('of mode any go on with the first branch and give up the others', () => {
    const { frontier, cancelled } = play(race('any', 1), 'fork:1', 'b:1@0.1', 'a:1@0.0');
    expect(ids(frontier)).toEqual(['join:1']);
    expect(cancelled).toEqual(['b2:1@0.1', 'c:1@0.2']);
    expect(frontier.visits).toEqual({ 'fork@': 1, 'join@': 1 });
  });

  test('of mode n go on with the n-th branch', () => {
    const plan = race('n', 2);
    expect(ids(play(plan, 'fork:1', 'a:1@0.0').frontier)).toEqual(['b:1@0.1', 'c:1@0.2']);
    const { frontier, cancelled } = play(plan, 'fork:1', 'a:1@0.0', [
      'c:1@0.2',
      { kind: 'done', take: 0 },
    ]);
    expect(ids(frontier)).toEqual(['join:1']);
    expect(cancelled).toEqual(['b:1@0.1']);
  });

  test('fail the run when too few branches can still come', () => {
    const { frontier, cancelled } = play(race('n', 3), 'fork:1', 'a:1@0.0', [
      'c:1@0.2',
      { kind: 'done', take: -1 },
    ]);
    expect(frontier.end).toBeNull();
    const starved = play(
      race('n', 3),
      'fork:1',
      'a:1@0.0',
      ['c:1@0.2', { kind: 'done', take: -1 }],
      'b:1@0.1',
      'b2:1@0.1',
    );
    expect(starved.frontier.end).toMatchObject({ error: { code: 'graph.join_starved' } });
    expect(starved.cancelled).toEqual(['end:1@0.2']);
    expect(cancelled).toEqual([]);
  });

  test('count branches that wait behind calls or inner joins as still coming', () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'join' },
      b: { fan: ['b1', 'b2'] },
      b1: { to: 'inner' },
      b2: {},
      inner: { join: { mode: 'all', depth: 1 }, to: 'join' },
      join: { join: { mode: 'n', count: 2, depth: 0 } },
    });
    const { frontier } = play(plan, 'fork:1', 'a:1@0.0', 'b:1@0.1', 'b1:1@0.1.0.0', [
      'b2:1@0.1.0.1',
      { kind: 'spawn', calls: [CALL] },
    ]);
    expect(frontier.end).toBeNull();
    const behind = play(
      plan,
      'fork:1',
      'b:1@0.1',
      'b1:1@0.1.0.0',
      'b2:1@0.1.0.1',
      'a:1@0.0',
      'inner:1@0.1',
    );
    expect(behind.frontier.tokens).toMatchObject([{ stepId: 'join:1', key: '00001' }]);
    const spawning = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'join' },
      b: { to: 'join' },
      join: { join: { mode: 'n', count: 2, depth: 0 } },
    });
    const calls = play(spawning, 'fork:1', 'a:1@0.0', [
      'b:1@0.1',
      { kind: 'spawn', calls: [CALL] },
    ]);
    expect(calls.frontier.end).toBeNull();
  });

  test('of one fork that fire together go on as branches, in the order of their names', () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'late' },
      b: { to: 'early' },
      early: { join: { mode: 'all', depth: 0 }, to: 'last' },
      late: { join: { mode: 'all', depth: 0 }, to: 'last' },
      last: { join: { mode: 'all', depth: 0 } },
    });
    const { frontier } = play(plan, 'fork:1', 'b:1@0.1', 'a:1@0.0');
    expect(frontier.tokens).toMatchObject([
      { stepId: 'early:1@1.0', key: '00001.00000.00000' },
      { stepId: 'late:1@1.1', key: '00001.00001.00000' },
    ]);
    const joined = play(plan, 'fork:1', 'b:1@0.1', 'a:1@0.0', 'late:1@1.1', 'early:1@1.0');
    expect(joined.frontier.tokens).toMatchObject([{ stepId: 'last:1', key: '00002' }]);
  });

  test('are walked into by a branch that no fork is open around', () => {
    const plan = planOf({ a: { to: 'join' }, join: { join: { mode: 'any', depth: 0 } } });
    expect(ids(play(plan, 'a:1').frontier)).toEqual(['join:1']);
  });

  test('that are targets of their fork close it for the targets behind them', () => {
    const plan = planOf({
      fork: { fan: ['a', 'join', 'b'] },
      a: { to: 'join' },
      b: { to: 'join' },
      join: { join: { mode: 'any', depth: 0 } },
    });
    const { frontier, cancelled } = play(plan, 'fork:1');
    expect(ids(frontier)).toEqual(['join:1']);
    expect(cancelled).toEqual(['a:1@0.0']);
  });
});

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
