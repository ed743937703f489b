import { describe, expect, test } from '@jest/globals';
import { advance, begin, cancelRun, failRun, settle } from './advance.ts';
import { CALL, DONE, ids, play, USAGE } from './play.fixture.ts';
import { ONE_ATTEMPT, planOf } from './plan.fixture.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { StepOutcome } from '../contracts/step.ts';

const BROKEN: Failure = { code: 'tool.failed', message: 'the tool failed' };
const FAILED: StepOutcome = { kind: 'failed', error: BROKEN };

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
