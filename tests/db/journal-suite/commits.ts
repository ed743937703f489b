import { describe, expect, test } from '@jest/globals';
import { call, doneStep, doneUnit, endUnit, reservation } from '../journal-fixtures.ts';
import { typesOf, type JournalBench } from './bench.ts';
import type { Message } from '../../../contracts/message.ts';

/** How steps are reserved and committed. */
export function describeCommits(name: string, open: () => JournalBench): void {
  describe(`${name}: commit`, () => {
    test('starts a run once, whoever tries again', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const start = {
        ...ref,
        epoch: 0,
        start: true,
        events: [{ type: 'run.started', data: {} } as const],
      };
      expect(await journal.commit(start)).toEqual({ kind: 'committed', lastSeq: 2 });
      expect(await journal.commit(start)).toEqual({ kind: 'committed', lastSeq: 2 });
      expect((await run(ref)).status).toBe('running');
      expect(await typesOf(open(), ref)).toEqual(['run.created', 'run.started']);
    });

    test('never writes a finished step again and answers with its first outcome', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      expect(await journal.commit(doneUnit(ref, call(1)))).toMatchObject({ kind: 'committed' });
      const again = doneUnit(ref, call(1), {
        step: doneStep(call(1), { outcome: { kind: 'done', take: 99 }, result: 'other' }),
      });
      expect(await journal.commit(again)).toEqual({
        kind: 'finished',
        outcome: { kind: 'done', take: 1 },
      });
      expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({ result: { of: 'set:1' } });
      expect(await typesOf(open(), ref)).toEqual(['run.created', 'step.completed']);
    });

    test('refuses a commit for a step that was never reserved with that attempt', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      const unit = doneUnit(ref, call(1), { step: doneStep(call(1), { attempt: 1 }) });
      expect(await journal.commit(unit)).toEqual({ kind: 'superseded' });
      expect(await journal.loadStep(ref, 0, 'set:1')).toBeNull();
    });

    test('refuses another epoch, and everything once the run has ended', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      expect(await journal.commit(doneUnit(ref, call(1), { epoch: 1 }))).toEqual({
        kind: 'superseded',
      });
      expect(await journal.commit(endUnit(ref, { epoch: 1 }))).toEqual({ kind: 'superseded' });
      await journal.commit(endUnit(ref));
      expect(await journal.commit(doneUnit(ref, call(1)))).toEqual({ kind: 'run_ended' });
      expect(await journal.commit(endUnit(ref))).toEqual({ kind: 'run_ended' });
      expect(await run(ref)).toMatchObject({ status: 'succeeded', output: 'fine', error: null });
      expect(await typesOf(open(), ref)).toEqual(['run.created', 'run.succeeded']);
    });

    test('rejects for a run that does not exist', async () => {
      const { journal, seedRun } = open();
      const ref = { ...(await seedRun()), workspaceId: 'ws_other' };
      await expect(journal.commit(doneUnit(ref, call(1)))).rejects.toMatchObject({
        code: 'run.not_found',
      });
    });

    test('adds up what steps use', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const usage = { modelCalls: 1, toolCalls: 2, inputTokens: 30, outputTokens: 4 };
      for (const n of [1, 2]) {
        await journal.commit(doneUnit(ref, call(n), { step: doneStep(call(n), { usage }) }));
      }
      const twice = { modelCalls: 2, toolCalls: 4, inputTokens: 60, outputTokens: 8 };
      expect((await run(ref)).usage).toEqual(twice);
    });

    test('appends messages to the thread and tells why a run failed', async () => {
      const { journal, seedRun, run, messages } = open();
      const ref = await seedRun();
      const error = { code: 'tool.failed', message: 'broken' } as const;
      const said: readonly Message[] = [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: { a: [1, 'ü'] } },
      ];
      await journal.commit(
        endUnit(ref, {
          events: [{ type: 'run.failed', data: { error } }],
          end: { end: { status: 'failed', error }, output: null, messages: said },
        }),
      );
      expect(await run(ref)).toMatchObject({ status: 'failed', error, output: null });
      expect(await messages(ref)).toEqual(said);
    });

    test('keeps the output of a run that ends while its last step is written', async () => {
      const { journal, seedRun, run } = open();
      const ref = await seedRun();
      const units = [doneUnit(ref, call(1)), endUnit(ref)];
      const answers = await Promise.all(units.map((unit) => journal.commit(unit)));
      expect(answers).toEqual([
        { kind: 'committed', lastSeq: 2 },
        { kind: 'committed', lastSeq: 3 },
      ]);
      expect(await run(ref)).toMatchObject({ status: 'succeeded', output: 'fine' });
    });

    test('lists steps in key order, whatever order they finished in', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      for (const n of [3, 1, 2]) await journal.commit(doneUnit(ref, call(n)));
      const steps = await journal.loadSteps(ref, 0);
      expect(steps.map(({ stepId, seq }) => [stepId, seq])).toEqual([
        ['set:1', 3],
        ['set:2', 4],
        ['set:3', 2],
      ]);
      expect(await journal.loadSteps(ref, 1)).toEqual([]);
    });
  });

  describe(`${name}: reserve`, () => {
    test('grants a step once per attempt and keeps the memo of the first', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      const first = await journal.reserve(reservation(ref, call(1), { memo: { by: 'a' } }));
      expect(first).toEqual({ kind: 'granted', attempt: 1, memo: { by: 'a' } });
      const second = await journal.reserve(reservation(ref, call(1), { memo: { by: 'b' } }));
      expect(second).toEqual({ kind: 'granted', attempt: 2, memo: { by: 'a' } });
      expect(await typesOf(open(), ref)).toEqual(['run.created', 'step.started', 'step.retrying']);
    });

    test('lets only the newest attempt commit', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      await journal.reserve(reservation(ref, call(1)));
      await journal.reserve(reservation(ref, call(1)));
      const unit = (attempt: number) =>
        doneUnit(ref, call(1), { step: doneStep(call(1), { attempt }) });
      expect(await journal.commit(unit(1))).toEqual({ kind: 'superseded' });
      expect(await journal.commit(unit(0))).toEqual({ kind: 'superseded' });
      expect(await journal.commit(unit(2))).toMatchObject({ kind: 'committed' });
      expect(await journal.commit(unit(2))).toMatchObject({ kind: 'finished' });
      expect(await journal.reserve(reservation(ref, call(1)))).toEqual({
        kind: 'finished',
        outcome: { kind: 'done', take: 1 },
      });
    });

    test('finds the end of a run, and another epoch', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      await expect(journal.reserve(reservation(ref, call(1), { epoch: 7 }))).rejects.toMatchObject({
        code: 'step.superseded',
      });
      await journal.commit(endUnit(ref));
      expect(await journal.reserve(reservation(ref, call(1)))).toEqual({ kind: 'run_ended' });
    });
  });
}
