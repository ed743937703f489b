import { describe, expect, test } from '@jest/globals';
import {
  approval,
  call,
  doneStep,
  doneUnit,
  endUnit,
  reservation,
  taskDraft,
  waitUnit,
} from '../journal-fixtures.ts';
import { typesOf, type JournalBench } from './bench.ts';

/** How steps wait for people. */
export function describeHumanTasks(name: string, open: () => JournalBench): void {
  describe(`${name}: human tasks`, () => {
    test('a step waits until its task is settled, then goes on as a new attempt', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const task = taskDraft();
      await journal.reserve(reservation(ref, call(1)));
      await journal.commit(waitUnit(ref, call(1), { task, attempt: 1 }));
      expect(await run(ref)).toMatchObject({ status: 'waiting', openHumanTasks: 1 });

      const open1 = await journal.reserve(reservation(ref, call(1), { resume: true }));
      expect(open1).toMatchObject({ kind: 'waiting', attempt: 1, settlement: null });
      expect(open1).toMatchObject({ task: { id: task.id, status: 'open' } });
      const decision = approval();
      await journal.settle(ref, task.id, decision);
      expect(await run(ref)).toMatchObject({ status: 'running', openHumanTasks: 0 });

      const settled = await journal.reserve(reservation(ref, call(1)));
      expect(settled).toMatchObject({
        kind: 'waiting',
        settlement: { by: 'decision', decision },
        memo: { phase: 'asked' },
      });
      const resumed = { resume: true, memo: { phase: 'go' } };
      expect(await journal.reserve(reservation(ref, call(1), resumed))).toEqual({
        kind: 'granted',
        attempt: 2,
        memo: { phase: 'go' },
      });
      const unit = doneUnit(ref, call(1), { step: doneStep(call(1), { attempt: 2 }) });
      expect(await journal.commit(unit)).toMatchObject({ kind: 'committed' });
    });

    test('the first settlement stands, and everybody is told it', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      const [early, late] = [taskDraft(), taskDraft()];
      await journal.commit(waitUnit(ref, call(1), { task: early }));
      await journal.commit(waitUnit(ref, call(2), { task: late }));
      const first = approval();
      const expected = { by: 'decision', decision: first };
      expect(await journal.settle(ref, early.id, first)).toEqual(expected);
      expect(await journal.settle(ref, early.id, approval())).toEqual(expected);
      expect(await journal.settle(ref, early.id, 'timeout')).toEqual(expected);
      expect(await journal.settle(ref, late.id, 'timeout')).toEqual({ by: 'timeout' });
      expect(await journal.settle(ref, late.id, approval())).toEqual({ by: 'timeout' });
      expect((await typesOf(open(), ref)).slice(3)).toEqual([
        'human_task.decided',
        'human_task.expired',
      ]);
    });

    test('a run waits as long as one of its tasks is open', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const [a, b] = [taskDraft(), taskDraft()];
      await Promise.all([
        journal.commit(waitUnit(ref, call(1), { task: a })),
        journal.commit(waitUnit(ref, call(2), { task: b })),
      ]);
      expect(await run(ref)).toMatchObject({ status: 'waiting', openHumanTasks: 2 });
      await journal.settle(ref, a.id, 'timeout');
      expect(await run(ref)).toMatchObject({ status: 'waiting', openHumanTasks: 1 });
      await journal.settle(ref, b.id, 'timeout');
      expect(await run(ref)).toMatchObject({ status: 'running', openHumanTasks: 0 });
    });

    test('a waiting commit that is repeated opens no second task', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const task = taskDraft();
      await journal.commit(waitUnit(ref, call(1), { task }));
      const again = await journal.commit(waitUnit(ref, call(1), { task: taskDraft() }));
      expect(again).toMatchObject({ kind: 'finished', outcome: { taskId: task.id } });
      expect((await run(ref)).openHumanTasks).toBe(1);
    });

    test('the end of a run cancels open tasks before its last event', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const task = taskDraft();
      await journal.commit(waitUnit(ref, call(1), { task }));
      await journal.commit(endUnit(ref));
      expect((await typesOf(open(), ref)).slice(2)).toEqual([
        'human_task.cancelled',
        'run.succeeded',
      ]);
      expect((await run(ref)).openHumanTasks).toBe(0);
      await expect(journal.settle(ref, task.id, approval())).rejects.toMatchObject({
        code: 'human_task.cancelled',
      });
    });

    test('a waiting step that is cancelled takes its task along', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const task = taskDraft();
      await journal.commit(waitUnit(ref, call(1), { task }));
      await journal.commit({
        ...ref,
        epoch: 0,
        step: doneStep(call(1), { status: 'cancelled' }),
        events: [{ type: 'step.cancelled', stepId: 'set:1', data: {} }],
      });
      expect((await typesOf(open(), ref)).slice(2)).toEqual([
        'human_task.cancelled',
        'step.cancelled',
      ]);
      expect(await run(ref)).toMatchObject({ status: 'running', openHumanTasks: 0 });
      expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({
        status: 'cancelled',
        seq: 4,
      });
    });

    test('a step that was never reserved may be finished once its task is settled', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      const task = taskDraft();
      await journal.commit(waitUnit(ref, call(1), { task }));
      await journal.settle(ref, task.id, approval());
      const [others, finished] = await Promise.all([
        journal.commit(doneUnit(ref, call(2))),
        journal.commit(doneUnit(ref, call(1))),
      ]);
      expect([others.kind, finished.kind]).toEqual(['committed', 'committed']);
      expect(await typesOf(open(), ref)).toEqual([
        'run.created',
        'human_task.created',
        'human_task.decided',
        'step.completed',
        'step.completed',
      ]);
      expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({ status: 'done', seq: 5 });
    });

    test('an unknown task is refused', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      await expect(journal.settle(ref, 'task_none', 'timeout')).rejects.toMatchObject({
        code: 'human_task.not_found',
      });
    });
  });
}
