import { describe, expect, test } from '@jest/globals';
import { call, doneStep, doneUnit, reservation, taskDraft, waitUnit } from '../journal-fixtures.ts';
import { until, type JournalBench } from './bench.ts';
import { isBlobRef } from '../../../contracts/blob.ts';
import { LIMITS } from '../../../contracts/limits.ts';

/** How state, text and values are kept and read. */
export function describeReading(name: string, open: () => JournalBench): void {
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

    test('are written before their step begins to wait', async () => {
      const { journal, seedRun, tokens } = open();
      const ref = await seedRun();
      await journal.reserve(reservation(ref, call(1)));
      journal.appendToken({ ...ref, stepId: 'set:1', attempt: 1, text: 'May I?' });
      await journal.commit(waitUnit(ref, call(1), { task: taskDraft(), attempt: 1 }));
      expect((await tokens(ref)).map(({ seq, text }) => [seq, text])).toEqual([[2, 'May I?']]);
    });

    test('count from one again behind the entry of a reservation', async () => {
      const { journal, seedRun, tokens } = open();
      const ref = await seedRun();
      await journal.reserve(reservation(ref, call(1)));
      journal.appendToken({ ...ref, stepId: 'set:1', attempt: 1, text: 'one' });
      await until(() => tokens(ref));
      await journal.reserve(reservation(ref, call(2)));
      journal.appendToken({ ...ref, stepId: 'set:2', attempt: 1, text: 'two' });
      const written = await until(async () => {
        const found = await tokens(ref);
        return found.length === 2 ? found : [];
      });
      expect(written.map(({ seq, sub, text }) => [seq, sub, text])).toEqual([
        [2, 1, 'one'],
        [3, 1, 'two'],
      ]);
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
