import { describe, expect, test } from '@jest/globals';
import { begin, settle } from './advance.ts';
import { drive, HandBack, type Driver } from './drive.ts';
import { planOf } from './plan.fixture.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { StepOutcome } from '../contracts/step.ts';

const DONE: StepOutcome = { kind: 'done' };

const FORK = planOf({
  fork: { fan: ['a', 'b'] },
  a: {},
  b: {},
});

/** A driver that does nothing special, but for the parts given. */
function driverOf(parts: Partial<Driver>): Driver {
  return {
    mayRun: () => true,
    execute: () => Promise.resolve(DONE),
    cancelled: () => undefined,
    now: () => 0,
    shouldStop: () => false,
    ...parts,
  };
}

/** A promise with its switch outside. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

describe('drive', () => {
  test('runs to the end, parallel branches at once and in the order of the graph', async () => {
    const started: string[] = [];
    const both = gate();
    const driver = driverOf({
      execute: async ({ stepId }) => {
        started.push(stepId);
        if (stepId === 'b:1@0.1') both.open();
        if (stepId === 'a:1@0.0') await both.passed;
        return DONE;
      },
    });
    const frontier = await drive(FORK, begin(FORK, 0), driver);
    expect(frontier.end).toEqual({ status: 'succeeded' });
    expect(started).toEqual(['fork:1', 'a:1@0.0', 'b:1@0.1']);
  });

  test('leaves steps of another gear ready', async () => {
    const plan = planOf({ a: { to: 'b' }, b: {} });
    const driver = driverOf({ mayRun: ({ nodeId }) => nodeId === 'a' });
    const frontier = await drive(plan, begin(plan, 0), driver);
    expect(frontier.tokens).toMatchObject([{ stepId: 'b:1' }]);
  });

  test('keeps a step that was handed back and does not ask for it again', async () => {
    const asked: string[] = [];
    const driver = driverOf({
      mayRun: ({ stepId }) => {
        asked.push(stepId);
        return true;
      },
      execute: async ({ stepId }) => {
        if (stepId === 'a:1@0.0') throw new HandBack();
        return DONE;
      },
    });
    const frontier = await drive(FORK, begin(FORK, 0), driver);
    expect(frontier.tokens).toMatchObject([{ stepId: 'a:1@0.0' }]);
    expect(frontier.end).toBeNull();
    expect(asked).toEqual(['fork:1', 'a:1@0.0', 'b:1@0.1']);
  });

  test('starts nothing more once it should stop', async () => {
    const plan = planOf({ a: { to: 'a' } });
    let left = 3;
    const driver = driverOf({ shouldStop: () => left-- <= 0 });
    const frontier = await drive(plan, begin(plan, 0), driver);
    expect(frontier.tokens).toMatchObject([{ stepId: 'a:4' }]);
  });

  test('returns with a step that waits, and goes on once it is settled', async () => {
    const plan = planOf({ a: { to: 'b' }, b: {} });
    const wait: StepOutcome = { kind: 'wait', taskId: 't', deadlineAt: null };
    const waiting = await drive(plan, begin(plan, 0), driverOf({ execute: async () => wait }));
    expect(waiting.tokens).toMatchObject([{ stepId: 'a:1', waitingFor: { taskId: 't' } }]);
    const frontier = await drive(plan, settle(waiting, 't'), driverOf({}));
    expect(frontier.end).toEqual({ status: 'succeeded' });
  });

  test('throws the first error after those in flight have finished', async () => {
    const finished: string[] = [];
    const failed = gate();
    const driver = driverOf({
      execute: async ({ stepId }) => {
        if (stepId === 'a:1@0.0') {
          failed.open();
          throw new Error('the database is gone');
        }
        await failed.passed;
        if (stepId === 'b:1@0.1') await Promise.resolve();
        finished.push(stepId);
        return DONE;
      },
    });
    const at: Frontier = await drive(
      FORK,
      begin(FORK, 0),
      driverOf({ mayRun: ({ nodeId }) => nodeId === 'fork' }),
    );
    await expect(drive(FORK, at, driver)).rejects.toThrow('the database is gone');
    expect(finished).toEqual(['b:1@0.1']);
  });

  test('throws an error that is thrown at once', async () => {
    const driver = driverOf({
      execute: () => {
        throw new Error('at once');
      },
    });
    await expect(drive(FORK, begin(FORK, 0), driver)).rejects.toThrow('at once');
  });

  test('tells which steps are given up, and forgives what they throw', async () => {
    const plan = planOf({
      fork: { fan: ['a', 'b'] },
      a: { to: 'join' },
      b: { to: 'join' },
      join: { join: { mode: 'any', depth: 0 } },
    });
    const stop = gate();
    const told: string[] = [];
    const driver = driverOf({
      execute: async ({ nodeId }) => {
        if (nodeId !== 'b') return DONE;
        await stop.passed;
        throw new Error('stopped');
      },
      cancelled: (stepIds) => {
        told.push(...stepIds);
        stop.open();
      },
    });
    const frontier = await drive(plan, begin(plan, 0), driver);
    expect(told).toEqual(['b:1@0.1']);
    expect(frontier.end).toEqual({ status: 'succeeded' });
  });

  test('shows the end to the last step alone, while another one is in flight to nobody', async () => {
    const ends: Record<string, string | null> = {};
    const first = gate();
    const driver = driverOf({
      execute: async ({ stepId }, after) => {
        if (stepId === 'b:1@0.1') {
          await first.passed;
          // The other branch has been counted by then.
          await Promise.resolve();
          await Promise.resolve();
        }
        ends[stepId] = after(DONE).end?.status ?? null;
        if (stepId === 'a:1@0.0') first.open();
        return DONE;
      },
    });
    await drive(FORK, begin(FORK, 0), driver);
    expect(ends).toEqual({ 'fork:1': null, 'a:1@0.0': null, 'b:1@0.1': 'succeeded' });
  });

  test('shows the end to nobody when two last steps commit at the same time', async () => {
    const ends: (string | null)[] = [];
    const both = gate();
    let previews = 0;
    const driver = driverOf({
      execute: async ({ nodeId }, after) => {
        ends.push(after(DONE).end?.status ?? null);
        if (nodeId === 'fork') return DONE;
        if (++previews === 2) both.open();
        await both.passed;
        return DONE;
      },
    });
    const frontier = await drive(FORK, begin(FORK, 0), driver);
    expect(ends).toEqual([null, null, null]);
    expect(frontier.end).toEqual({ status: 'succeeded' });
  });

  test('counts an outcome at the moment of its preview', async () => {
    const plan = planOf({ a: { to: 'b' }, b: {} }, { maxDurationMs: 5 });
    let clock = 0;
    const previews: (string | null)[] = [];
    const driver = driverOf({
      now: () => clock,
      mayRun: ({ nodeId }) => nodeId === 'a',
      execute: async (_, after) => {
        previews.push(after(DONE).end?.status ?? null);
        clock = 10;
        return DONE;
      },
    });
    const frontier = await drive(plan, begin(plan, 0), driver);
    expect(previews).toEqual([null]);
    expect(frontier.end).toBeNull();
  });
});
