import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import {
  agentSpec,
  chain,
  countingTool,
  decision,
  modelsCalling,
  prepareRun,
  type CountingTool,
  type Scenario,
} from './harness.ts';
import { Interruption, interruptJournal, type Death } from './interrupting-journal.ts';
import type { EffectClass } from '../../contracts/effect.ts';
import type { HumanTask } from '../../contracts/human-task.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';

interface Story {
  readonly scenario: Scenario;
  readonly tools: readonly CountingTool[];
}

/** Answers every task; whether a lost call happened is read from the tool's own notes. */
async function decide(task: HumanTask, story: Story) {
  switch (task.kind) {
    case 'tool_approval':
      return decision('approve');
    case 'unknown_outcome': {
      const asked = task.subject as { tool: string; arguments: JsonObject };
      const tool = story.tools.find(({ name }) => name === asked.tool);
      const happened = (tool?.executed ?? []).some(({ by }) => by === asked.arguments['by']);
      return decision('answer', {
        value: happened ? { happened, result: { ok: true } } : { happened },
      });
    }
    case 'question':
    case 'review':
      return decision(task.kind === 'review' ? 'approve' : 'answer', { value: 'yes' });
  }
}

/** Runs the story with one death; answers with what is left of it. */
async function survive(makeStory: () => Story, death: Death | null) {
  const story = makeStory();
  const run = prepareRun(story.scenario);
  const interrupting = interruptJournal(run.journal, death);
  const options = { decide: (task: HumanTask) => decide(task, story) };
  try {
    await run.go({ ...options, journal: interrupting.journal });
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    await run.go(options);
  }
  return { run, story, writes: interrupting.writes() };
}

/** Every death that the undisturbed run offers. */
async function deathsOf(makeStory: () => Story): Promise<readonly Death[]> {
  const { writes } = await survive(makeStory, null);
  return Array.from({ length: writes }, (_, index) => [
    { nth: index + 1, when: 'before' as const },
    { nth: index + 1, when: 'after' as const },
  ]).flat();
}

function story(effect: EffectClass, approval: 'never' | 'always', light = false): () => Story {
  return () => {
    const tool = countingTool(effect, { light }, () => ({ ok: true }));
    const models = modelsCalling([
      { name: tool.name, arguments: { by: 'agent' } },
      { name: 'calculator', arguments: { expression: '1+1' } },
    ]);
    const tools = [
      { name: tool.name, approval },
      { name: 'calculator', approval: 'never' },
    ];
    const { graph } = agentSpec([], { tools });
    const spec = {
      graph: {
        ...graph,
        nodes: [
          { id: 'before', type: 'set', config: { values: { n: 'state.n + 1' } } },
          ...graph.nodes.slice(0, 1),
          { id: 'review', type: 'human', config: { title: 'Fine?', allow: ['approve'] } },
          {
            id: 'act',
            type: 'tool',
            config: { tool: tool.name, arguments: { by: 'node' }, approval, save: 'last' },
          },
          {
            id: 'end',
            type: 'end',
            config: { value: '[state.n, state.last, size(state.messages)]' },
          },
        ],
        edges: [],
      },
    };
    const linked = chain(spec.graph.nodes, {
      n: { reducer: 'replace', default: 0 },
      last: { reducer: 'replace' },
    });
    return { scenario: { spec: linked, tools: [tool], models }, tools: [tool] };
  };
}

const OUTPUT: Json = [1, { ok: true }, 4];

describe.each<[EffectClass, 'never' | 'always', boolean]>([
  ['pure', 'never', true],
  ['idempotent', 'never', false],
  ['keyed', 'never', false],
  ['keyed', 'always', false],
  ['once', 'never', false],
  ['once', 'always', false],
])('a run with a %s tool, approval %s, light: %s', (effect, approval, light) => {
  test('ends the same way wherever its process dies', async () => {
    const makeStory = story(effect, approval, light);
    const deaths = await deathsOf(makeStory);
    expect(deaths.length).toBeGreaterThan(15);
    for (const death of deaths) {
      const { run, story: left } = await survive(makeStory, death);
      const place = `${death.when} write ${death.nth}`;
      const { facts } = run.journal.run(run.ref);
      expect([place, facts.status, await run.output()]).toEqual([place, 'succeeded', OUTPUT]);
      const [tool] = left.tools;
      const executed = tool?.executed.length ?? 0;
      // The agent's call and the node's; one more where the process died in between.
      if (effect === 'once') expect([place, executed]).toEqual([place, 2]);
      else expect(executed).toBeLessThanOrEqual(3);
      expect(new Set(tool?.keys).size).toBe(2);
      expect([place, run.events('run.started').length]).toEqual([place, 1]);
      expect(run.events('run.succeeded')).toHaveLength(1);
      const finished = run.events('step.completed').map(({ stepId }) => stepId);
      expect(new Set(finished).size).toBe(finished.length);
    }
  });
});

describe('a tool that may act only once', () => {
  const act = (makeTool: () => CountingTool): (() => Story) => {
    return () => {
      const tool = makeTool();
      const nodes = [
        { id: 'act', type: 'tool', config: { tool: tool.name, save: 'last' } },
        { id: 'end', type: 'end', config: { value: 'state.last' } },
      ];
      const spec = chain(nodes, { last: { reducer: 'replace' } });
      return { scenario: { spec, tools: [tool] }, tools: [tool] };
    };
  };
  const counting = act(() => countingTool('once', {}, () => ({ ok: true })));

  test('is not asked about when its process died before the effect was near', async () => {
    const { run } = await survive(counting, { nth: 2, when: 'before' });
    expect(run.tasks()).toEqual([]);
    expect(await run.output()).toEqual({ ok: true });
  });

  test.each<[Death, number]>([
    [{ nth: 2, when: 'after' }, 1],
    [{ nth: 3, when: 'before' }, 1],
  ])('is asked about when its process died around the effect', async (death, executed) => {
    const { run, story: left } = await survive(counting, death);
    expect(run.tasks()).toMatchObject([
      { kind: 'unknown_outcome', allowed: ['answer', 'reject'], status: 'decided' },
    ]);
    expect(left.tools[0]?.executed).toHaveLength(executed);
    expect(await run.output()).toEqual({ ok: true });
  });

  test.each<[string, () => never]>([
    [
      'breaks',
      () => {
        throw new Error('socket hang up');
      },
    ],
  ])('is asked about when it %s', async (_name, act_) => {
    const run = prepareRun(act(() => countingTool('once', {}, act_))().scenario);
    const waiting = await run.go();
    expect(waiting.tokens[0]?.waitingFor).toBeDefined();
    const answer = { happened: true, result: 'delivered' };
    const { end } = await run.go({ decide: async () => decision('answer', { value: answer }) });
    expect(end).toEqual({ status: 'succeeded' });
    expect(await run.output()).toBe('delivered');
  });

  test('is neither tried again nor asked about when it says itself that it failed', async () => {
    const makeTool = () =>
      countingTool('once', {}, () => {
        throw new AppError('tool.failed', 'refused by the bank');
      });
    const made = act(makeTool)();
    const run = prepareRun(made.scenario);
    expect((await run.go()).end).toMatchObject({
      status: 'failed',
      error: { code: 'tool.failed', message: 'refused by the bank' },
    });
    expect(made.tools[0]?.executed).toHaveLength(1);
    expect(run.tasks()).toEqual([]);
  });

  test('is asked about when it takes too long', async () => {
    const hang = () => new Promise<Json>(() => undefined);
    const makeTool = () => countingTool('once', { timeoutMs: 20 }, hang);
    const run = prepareRun(act(makeTool)().scenario);
    await run.go();
    expect(run.tasks()).toMatchObject([{ kind: 'unknown_outcome' }]);
  });

  test('is executed again when a person says that it did not happen, and asked about again', async () => {
    let broken = 2;
    const makeTool = () =>
      countingTool('once', {}, () => {
        broken -= 1;
        if (broken >= 0) throw new Error('lost');
        return { ok: true };
      });
    const made = act(makeTool)();
    const run = prepareRun(made.scenario);
    const { end } = await run.go({
      decide: async () => decision('answer', { value: { happened: false } }),
    });
    expect(end).toEqual({ status: 'succeeded' });
    expect(made.tools[0]?.executed).toHaveLength(3);
    expect(run.tasks()).toHaveLength(2);
  });

  test('fails when nobody can say whether it happened', async () => {
    const makeTool = () =>
      countingTool('once', {}, () => {
        throw new Error('lost');
      });
    const run = prepareRun(act(makeTool)().scenario);
    const { end } = await run.go({ decide: async () => decision('reject', { reason: 'no idea' }) });
    expect(end).toMatchObject({ status: 'failed', error: { code: 'tool.outcome_unknown' } });
  });
});
