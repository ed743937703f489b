import type { Journal, RunRef } from '../../contracts/journal.ts';
import {
  approval,
  call,
  doneStep,
  doneUnit,
  endUnit,
  reservation,
  taskDraft,
  waitUnit,
} from './journal-fixtures.ts';
import { describe, expect, test } from '@jest/globals';
import type { RunEvent, TokenEvent } from '../../contracts/event.ts';
import { isBlobRef } from '../../contracts/blob.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Message } from '../../contracts/message.ts';
import type { Run } from '../../contracts/records.ts';

/** A journal to be proved, and a look behind it. */
export interface JournalBench {
  readonly journal: Journal;
  /** A queued run with its `run.created`, in a thread of its own. */
  seedRun(): Promise<RunRef>;
  events(ref: RunRef): Promise<readonly RunEvent[]>;
  tokens(ref: RunRef): Promise<readonly TokenEvent[]>;
  run(ref: RunRef): Promise<Pick<Run, 'status' | 'output' | 'error' | 'usage' | 'openHumanTasks'>>;
  /** The run's thread. */
  messages(ref: RunRef): Promise<readonly Message[]>;
}

/** What every implementation of the journal does. */
export function describeJournal(name: string, open: () => JournalBench): void {
  const types = async (ref: RunRef): Promise<readonly string[]> =>
    (await open().events(ref)).map(({ type }) => type);

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
      expect(await types(ref)).toEqual(['run.created', 'run.started']);
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
      expect(await types(ref)).toEqual(['run.created', 'step.completed']);
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
      await journal.commit(endUnit(ref));
      expect(await journal.commit(doneUnit(ref, call(1)))).toEqual({ kind: 'run_ended' });
      expect(await journal.commit(endUnit(ref))).toEqual({ kind: 'run_ended' });
      expect(await run(ref)).toMatchObject({ status: 'succeeded', output: 'fine', error: null });
      expect(await types(ref)).toEqual(['run.created', 'run.succeeded']);
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
      expect(await types(ref)).toEqual(['run.created', 'step.started', 'step.retrying']);
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
      expect((await types(ref)).slice(3)).toEqual(['human_task.decided', 'human_task.expired']);
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
      expect((await types(ref)).slice(2)).toEqual(['human_task.cancelled', 'run.succeeded']);
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
      expect((await types(ref)).slice(2)).toEqual(['human_task.cancelled', 'step.cancelled']);
      expect(await run(ref)).toMatchObject({ status: 'running', openHumanTasks: 0 });
      expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({
        status: 'cancelled',
        seq: 4,
      });
    });

    test('an unknown task is refused', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      await expect(journal.settle(ref, 'task_none', 'timeout')).rejects.toMatchObject({
        code: 'human_task.not_found',
      });
    });
  });

  describe(`${name}: state`, () => {
    const range = (after: string, upTo: string) => ({ after, upTo });
    const keys = (steps: readonly { readonly key: string }[]) => steps.map(({ key }) => key);

    test('reads deltas of the ranges asked for, in key order', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      for (const n of [5, 4, 3, 2, 1]) await journal.commit(doneUnit(ref, call(n)));
      const found = await journal.loadDeltas(ref, 0, [
        range('', '00002'),
        range('00003', '00004.~'),
      ]);
      expect(found.snapshot).toBeNull();
      expect(keys(found.steps)).toEqual(['00001', '00002', '00004']);
      expect(found.steps[0]?.deltas).toEqual([{ channel: 'list', value: 'set:1' }]);
      expect(await journal.loadDeltas(ref, 0, [])).toEqual({ snapshot: null, steps: [] });
    });

    test('starts from the newest snapshot in the first range: the state before its step', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      for (const n of [1, 2, 3, 4]) {
        const snapshot = n % 2 === 0 ? { key: call(n).key, state: { before: n } } : null;
        await journal.commit(doneUnit(ref, call(n), snapshot === null ? {} : { snapshot }));
      }
      const all = await journal.loadDeltas(ref, 0, [range('', '00004')]);
      expect(all.snapshot).toEqual({ key: '00004', state: { before: 4 } });
      expect(keys(all.steps)).toEqual(['00004']);
      const early = await journal.loadDeltas(ref, 0, [range('', '00003'), range('00003', '9')]);
      expect(early.snapshot).toEqual({ key: '00002', state: { before: 2 } });
      expect(keys(early.steps)).toEqual(['00002', '00003', '00004']);
      const behind = await journal.loadDeltas(ref, 0, [range('00004', '9'), range('', '00004')]);
      expect(behind.snapshot).toBeNull();
    });

    test('leaves out steps that failed or wait', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      await journal.commit(waitUnit(ref, call(1), { task: taskDraft() }));
      await journal.commit(
        doneUnit(ref, call(2), { step: doneStep(call(2), { status: 'failed' }) }),
      );
      await journal.commit(doneUnit(ref, call(3)));
      expect(keys((await journal.loadDeltas(ref, 0, [range('', '9')])).steps)).toEqual(['00003']);
    });
  });

  describe(`${name}: pieces of text`, () => {
    test('are numbered behind the last event and gone with the final result', async () => {
      const { journal, seedRun, tokens } = open();
      const ref = await seedRun();
      await journal.reserve(reservation(ref, call(1)));
      const chunk = { ...ref, stepId: 'set:1', attempt: 1 };
      journal.appendToken({ ...chunk, text: 'Hel' });
      journal.appendToken({ ...chunk, text: 'lo' });
      await journal.commit(doneUnit(ref, call(2)));
      const written = await until(() => tokens(ref));
      expect(written.map(({ text }) => text).join('')).toBe('Hello');
      expect(new Set(written.map(({ seq, sub }) => `${seq}.${sub}`)).size).toBe(written.length);
      expect(written[0]?.sub).toBe(1);
      await journal.commit(doneUnit(ref, call(1), { step: doneStep(call(1), { attempt: 1 }) }));
      expect(await tokens(ref)).toEqual([]);
    });

    test('of an older attempt are dropped', async () => {
      const { journal, seedRun, tokens } = open();
      const ref = await seedRun();
      await journal.reserve(reservation(ref, call(1)));
      const chunk = { ...ref, stepId: 'set:1' };
      journal.appendToken({ ...chunk, attempt: 1, text: 'old' });
      await until(() => tokens(ref));
      await journal.reserve(reservation(ref, call(1)));
      expect(await tokens(ref)).toEqual([]);
      journal.appendToken({ ...chunk, attempt: 1, text: 'late' });
      journal.appendToken({ ...chunk, attempt: 2, text: 'new' });
      const written = await until(() => tokens(ref));
      expect(written.map(({ text, attempt }) => [text, attempt])).toEqual([['new', 2]]);
    });
  });

  describe(`${name}: values`, () => {
    test('small ones travel, large ones become references and come back', async () => {
      const { journal, seedRun } = open();
      const { workspaceId } = await seedRun();
      const small = { text: 'x'.repeat(100), n: [1, null, true] };
      expect(await journal.putValue(workspaceId, small)).toBe(small);
      const large = { text: 'ü€'.repeat(10_000), n: 1 };
      const stored = await journal.putValue(workspaceId, large);
      expect(isBlobRef(stored)).toBe(true);
      expect(stored).toMatchObject({ sizeBytes: Buffer.byteLength(JSON.stringify(large)) });
      expect(await journal.putValue(workspaceId, { n: 1, text: large.text })).toEqual(stored);
      expect(await journal.getValue(workspaceId, stored)).toEqual(large);
      expect(await journal.getValue(workspaceId, small)).toBe(small);
    });

    test('the limit counts bytes of the canonical text', async () => {
      const { journal, seedRun } = open();
      const { workspaceId } = await seedRun();
      const fits = 'x'.repeat(LIMITS.inlineValueBytes - 2);
      expect(await journal.putValue(workspaceId, fits)).toBe(fits);
      expect(isBlobRef(await journal.putValue(workspaceId, `${fits}x`))).toBe(true);
      const escaped = '"'.repeat(LIMITS.inlineValueBytes / 2);
      expect(isBlobRef(await journal.putValue(workspaceId, escaped))).toBe(true);
    });

    test('a reference of another workspace is unknown', async () => {
      const { journal, seedRun } = open();
      const { workspaceId } = await seedRun();
      const stored = await journal.putValue(workspaceId, 'y'.repeat(20_000));
      await expect(journal.getValue('ws_other', stored)).rejects.toMatchObject({
        code: 'blob.not_found',
      });
    });

    test('huge ones are refused', async () => {
      const { journal, seedRun } = open();
      const { workspaceId } = await seedRun();
      const huge = { parts: ['z'.repeat(LIMITS.valueBytes)] };
      await expect(journal.putValue(workspaceId, huge)).rejects.toMatchObject({
        code: 'value.too_large',
      });
    });
  });

  describe(`${name}: a run`, () => {
    test('is loaded with what executors need, and unknown in other workspaces', async () => {
      const { journal, seedRun } = open();
      const ref = await seedRun();
      const facts = await journal.loadRun(ref);
      expect(facts).toMatchObject({ ...ref, status: 'queued', epoch: 0, cancelRequested: false });
      expect(typeof facts.createdAt).toBe('number');
      const version = await journal.loadVersion(ref.workspaceId, facts.versionId);
      expect(version.agentName).toBe('tester');
      await expect(journal.loadRun({ ...ref, workspaceId: 'ws_other' })).rejects.toMatchObject({
        code: 'run.not_found',
      });
      await expect(journal.loadVersion('ws_other', facts.versionId)).rejects.toMatchObject({
        code: 'agent.version_not_found',
      });
    });
  });
}

/** Asks until there is an answer; the test's own time limit ends a vain wait. */
async function until<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (;;) {
    const found = await ask();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
