import { describe, expect, test } from '@jest/globals';
import { CALL, ids, play } from './play.fixture.ts';
import { planOf } from './plan.fixture.ts';
import type { Plan } from '../contracts/plan.ts';

const JOINED = planOf({
  fork: { fan: ['a', 'b'] },
  a: { to: 'join' },
  b: { to: 'join' },
  join: { join: { mode: 'all', depth: 0 }, to: 'end' },
  end: {},
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
