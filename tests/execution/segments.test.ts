import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { chain, countingTool, modelsOf, prepareRun, type TestRun } from './harness.ts';
import { createSegmentRunner } from '../../activities/segment/run-segment.ts';
import { createStepExecutor } from '../../activities/step/execute-step.ts';
import { Interruption, interruptJournal } from './interrupting-journal.ts';
import type { Frontier } from '../../contracts/frontier.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { NodeSpec } from '../../contracts/agent-spec.ts';

const COUNT = 20;

function counting(count = COUNT, part: Partial<NodeSpec> = {}) {
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    type: 'set',
    config: { values: { n: 'state.n + 1' } },
    ...part,
  }));
  return chain([...nodes, { id: 'end', type: 'end', config: { value: 'state.n' } }], {
    n: { reducer: 'replace', default: 0 },
  });
}

/** A new process on the run's journal. */
function segmentsOf(run: TestRun, journal: Journal = run.journal) {
  const runner = createSegmentRunner(createStepExecutor({ ...run.deps, journal }));
  return (frontier: Frontier | null, part: object = {}) =>
    runner.runSegment({
      ref: run.ref,
      frontier,
      handedBack: [],
      signal: new AbortController().signal,
      ...part,
    });
}

describe('a segment', () => {
  test('runs cheap steps to the end of the run, and brings the plan along', async () => {
    const run = prepareRun({ spec: counting() });
    const result = await segmentsOf(run)(null);
    expect(result.frontier.end).toEqual({ status: 'succeeded' });
    expect(result.ran).toHaveLength(COUNT + 1);
    expect(result.plan?.start).toBe('n0');
    expect(result.agent).toMatchObject({ name: 'test', version: '1' });
    expect(await run.output()).toBe(COUNT);
    expect(run.events('run.started')).toHaveLength(1);
    expect(run.events('run.succeeded')).toHaveLength(1);
    expect(run.events()[1]?.type).toBe('run.started');
  });

  test('reads nothing and writes once per step', async () => {
    const run = prepareRun({ spec: counting() });
    const asked: string[] = [];
    const noting = new Proxy(run.journal, {
      get: (target, name): unknown => {
        asked.push(String(name));
        return Reflect.get(target, name);
      },
    });
    await segmentsOf(run, noting)(null);
    const commits = asked.filter((name) => name === 'commit');
    expect(commits).toHaveLength(COUNT + 1);
    expect(asked.filter((name) => name !== 'commit')).toEqual(['loadRun', 'loadVersion']);
  });

  test('returns after so many steps, and goes on from there', async () => {
    const run = prepareRun({ spec: counting() });
    const segment = segmentsOf(run);
    const limits = { segmentSteps: 8, segmentMs: 10_000 };
    const first = await segment(null, { limits });
    expect(first.ran).toHaveLength(8);
    expect(first.frontier.tokens.map(({ stepId }) => stepId)).toEqual(['n8:1']);
    const second = await segment(first.frontier, { limits });
    expect(second.plan).toBeUndefined();
    const third = await segmentsOf(run)(second.frontier, { limits });
    expect(third.frontier.end).toEqual({ status: 'succeeded' });
    expect(await run.output()).toBe(COUNT);
  });

  test('returns after its time', async () => {
    const run = prepareRun({ spec: counting() });
    let now = Date.now();
    const executor = createStepExecutor({ ...run.deps, now: () => (now += 100) });
    const { ran } = await createSegmentRunner(executor).runSegment({
      ref: run.ref,
      frontier: null,
      handedBack: [],
      signal: new AbortController().signal,
    });
    expect(ran.length).toBeGreaterThan(0);
    expect(ran.length).toBeLessThan(COUNT);
  });

  test('starts a run whose first step is not cheap', async () => {
    const models = modelsOf(() => ({ text: 'ok' }));
    const spec = chain([{ id: 'ask', type: 'model', config: { model: { provider: 'default' } } }]);
    const run = prepareRun({ spec, models });
    const result = await segmentsOf(run)(null);
    expect(result.ran).toEqual([]);
    expect(result.plan).toBeDefined();
    expect(result.frontier.tokens).toHaveLength(1);
    expect(run.events().map(({ type }) => type)).toEqual(['run.created', 'run.started']);
    expect(run.journal.run(run.ref).facts.status).toBe('running');
    expect(models.requests).toEqual([]);
  });

  test('begins with the run’s start even where the first step is reserved', async () => {
    const node = { id: 'ask', type: 'human', config: { title: 'x', allow: ['approve'] } };
    const run = prepareRun({ spec: chain([node]) });
    const { frontier } = await segmentsOf(run)(null);
    expect(frontier.tokens[0]?.waitingFor).toBeDefined();
    expect(run.events().map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      'step.started',
      'human_task.created',
    ]);
    expect(run.journal.run(run.ref).facts.status).toBe('waiting');
  });

  test('leaves steps that were handed back alone', async () => {
    const run = prepareRun({ spec: counting() });
    const result = await segmentsOf(run)(null, { handedBack: ['n3:1'] });
    expect(result.ran).toEqual(['n0:1', 'n1:1', 'n2:1']);
    expect(result.handedBack).toEqual(['n3:1']);
  });

  test('hands a step back whose retry takes time', async () => {
    const tool = countingTool('idempotent', { light: true }, (_args, nth) => {
      if (nth === 1) throw new AppError('tool.failed', 'not now', { retryAfterMs: 5_000 });
      return 'ok';
    });
    const spec = chain([
      { id: 'act', type: 'tool', config: { tool: tool.name } },
      { id: 'end', type: 'end', config: {} },
    ]);
    const run = prepareRun({ spec, tools: [tool] });
    const result = await segmentsOf(run)(null);
    expect(result.handedBack).toEqual(['act:1']);
    expect(result.frontier.tokens.map(({ stepId }) => stepId)).toEqual(['act:1']);
    expect(run.events('run.started')).toHaveLength(1);
    const executor = createStepExecutor(run.deps);
    const token = result.frontier.tokens[0];
    if (token === undefined) throw new Error('no token');
    const { outcome } = await executor.executeStep(run.ref, token, {
      epoch: 0,
      attempt: 1,
      maxAttempts: 3,
      signal: new AbortController().signal,
      after: () => null,
    });
    expect(outcome).toMatchObject({ kind: 'done' });
  });

  test('ends a run whose budget is used up', async () => {
    const spec = { ...counting(), budgets: { maxSteps: 5 } };
    const run = prepareRun({ spec });
    const { frontier } = await segmentsOf(run)(null);
    expect(frontier.end).toMatchObject({ status: 'failed', error: { code: 'budget.exceeded' } });
    expect(run.events().at(-1)?.type).toBe('run.failed');
  });

  test('goes on behind the last journaled step wherever its process died', async () => {
    const writes = COUNT + 1;
    for (let nth = 1; nth <= writes; nth += 1) {
      for (const when of ['before', 'after'] as const) {
        const tool = countingTool('pure', { light: true });
        const nodes = counting().graph.nodes.map((node, i) =>
          i === 10 ? { id: node.id, type: 'tool', config: { tool: tool.name } } : node,
        );
        const spec = chain(nodes, counting().graph.channels);
        const run = prepareRun({ spec, tools: [tool] });
        const dying = interruptJournal(run.journal, { nth, when });
        await expect(segmentsOf(run, dying.journal)(null)).rejects.toThrow(Interruption);
        const { frontier, ran } = await segmentsOf(run)(null);
        expect([nth, when, frontier.end]).toEqual([nth, when, { status: 'succeeded' }]);
        expect(ran).toHaveLength(writes);
        expect(await run.output()).toBe(COUNT - 1);
        // Executed before the death that came before its commit, and once more then.
        expect(tool.executed.length).toBe(nth === 11 && when === 'before' ? 2 : 1);
        expect(run.events('run.started')).toHaveLength(1);
      }
    }
  });

  test('replays what was journaled behind an older frontier', async () => {
    const run = prepareRun({ spec: counting() });
    const limits = { segmentSteps: 5, segmentMs: 10_000 };
    const first = await segmentsOf(run)(null, { limits });
    await segmentsOf(run)(first.frontier, { limits });
    const again = await segmentsOf(run)(first.frontier);
    expect(again.ran).toHaveLength(COUNT + 1 - 5);
    expect(again.frontier.end).toEqual({ status: 'succeeded' });
    expect(run.events('step.completed')).toHaveLength(COUNT + 1);
  });

  test('answers for a run that has ended', async () => {
    const run = prepareRun({ spec: counting() });
    await segmentsOf(run)(null);
    const again = await segmentsOf(run)(null);
    expect(again.frontier.end).toEqual({ status: 'succeeded' });
    expect(run.events('run.succeeded')).toHaveLength(1);
  });
});
