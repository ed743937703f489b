import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createChatModels } from '../../adapters/models/chat-models.ts';
import { createNodeRegistry } from '../../activities/nodes/registry.ts';
import { evaluate, renderTemplate } from '../../engine/expression.ts';
import { runInProcess } from '../../activities/segment/run-in-process.ts';
import { validateJson } from '../../engine/json-schema.ts';
import { countingGraph, loopGraph, questionsGraph, scriptedAgent, toolGraph } from './graphs.ts';
import { createAgent } from '../harness/runs.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { AgentSpec, FullSpec, GraphSpec } from '../../contracts/agent-spec.ts';
import type { Gear } from '../../contracts/plan.ts';
import type { HumanTask } from '../../contracts/human-task.ts';
import type { Run, StepRecord } from '../../contracts/records.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
}, 120_000);

afterAll(() => stack.stop(), 60_000);

/** Parallel branches with a loop in one of them, a condition, and a join. */
const BRANCHES: FullSpec = {
  graph: {
    channels: { n: { reducer: 'replace', default: 0 }, log: { reducer: 'append' } },
    nodes: [
      { id: 'begin', type: 'set', config: { values: { log: '"begin"' } } },
      { id: 'loop', type: 'set', config: { values: { n: 'state.n + 1', log: '"round"' } } },
      { id: 'sum', type: 'tool', config: { tool: 'calculator', arguments: { expression: '3*4' } } },
      { id: 'sumlog', type: 'set', config: { values: { log: '"summed"' } } },
      { id: 'meet', type: 'set', join: { mode: 'all' }, config: { values: { log: '"met"' } } },
      { id: 'done', type: 'end', config: { value: '{"n": state.n, "log": state.log}' } },
    ],
    edges: [
      { type: 'fanout', from: 'begin', to: ['loop', 'sum'] },
      {
        type: 'conditional',
        from: 'loop',
        cases: [{ when: 'state.n < 3', to: 'loop' }],
        else: 'meet',
      },
      { type: 'normal', from: 'sum', to: 'sumlog' },
      { type: 'normal', from: 'sumlog', to: 'meet' },
      { type: 'normal', from: 'meet', to: 'done' },
    ],
  },
};

const AGENT: FullSpec = {
  graph: {
    nodes: [
      {
        id: 'agent',
        type: 'agent',
        config: JSON.parse(
          JSON.stringify(
            scriptedAgent(
              [
                {
                  when: 'turn == 1',
                  call: [
                    { tool: 'calculator', arguments: { expression: '1+1' } },
                    { tool: 'calculator', arguments: { expression: '1/(' } },
                  ],
                },
                { say: 'Done: {{ last }}' },
              ],
              ['calculator'],
            ),
          ),
        ) as GraphSpec['nodes'][number]['config'],
      },
      { id: 'end', type: 'end', config: {} },
    ],
    edges: [{ type: 'normal', from: 'agent', to: 'end' }],
  },
};

const CASES: readonly (readonly [string, AgentSpec])[] = [
  ['a line of steps', countingGraph(8, 'segment')],
  ['a loop', loopGraph(6)],
  ['branches with a loop and a join', BRANCHES],
  ['an agent with tools, one of which fails', AGENT],
  ['questions to people', questionsGraph(3)],
  ['an approval', toolGraph('calculator', { expression: '2^5' }, 'always')],
  ['a failing tool', toolGraph('calculator', { expression: '1/(' })],
];

function inGear(spec: AgentSpec, durability: Gear): AgentSpec {
  if (!('graph' in spec)) return spec;
  const nodes = spec.graph.nodes.map((node) => ({ ...node, durability }));
  return { ...spec, graph: { ...spec.graph, nodes } };
}

async function onServer(spec: AgentSpec): Promise<Run> {
  const agent = await createAgent(stack.client, spec);
  const run = await stack.client.runs.create({ agent, input: 'go' });
  await until('the end', async () => {
    const { items } = await stack.client.humanTasks.list({ runId: run.id, status: 'open' }).page();
    for (const task of items) await stack.client.humanTasks.decide(task.id, DECISION);
    return (await stack.client.runs.get(run.id)).endedAt !== null;
  });
  return stack.client.runs.get(run.id);
}

const DECISION = { decisionId: 'dec', kind: 'approve', reason: 'fine' } as const;

async function inProcess(spec: AgentSpec): Promise<Run> {
  const { installation } = stack.holdfast;
  const agent = await stack.client.agents.get(await createAgent(stack.client, spec));
  const { run } = await installation.runs.create(stack.workspaceId, {
    agentId: agent.id,
    versionId: agent.labels['latest'] ?? '',
    thread: null,
    input: 'go',
    principal: { apiKeyId: 'key_test', workspaceId: stack.workspaceId, role: 'admin' },
  });
  const deps = {
    journal: installation.journal,
    tools: installation.tools,
    nodes: createNodeRegistry(installation.nodeTypes),
    models: createChatModels(
      { default: null },
      { validate: validateJson, evaluate, renderTemplate },
    ),
  };
  const decide = async (_task: HumanTask) => ({
    ...DECISION,
    decidedBy: 'key_test',
    decidedAt: new Date().toISOString(),
  });
  await runInProcess(deps, { workspaceId: stack.workspaceId, runId: run.id }, { decide });
  return stack.client.runs.get(run.id);
}

/** Ids and times that differ from run to run by their nature. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/task_[0-9a-f]+/g, 'task')
    .replaceAll(/(key|agt|ver)_[0-9a-z]+/g, '$1')
    .replaceAll(/agent-\d+-\d+-\d+/g, 'agent')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time');
  return JSON.parse(text) as unknown;
}

async function stepsOf(run: Run): Promise<unknown> {
  const steps: StepRecord[] = [];
  for await (const step of stack.client.runs.steps(run.id)) steps.push(step);
  return comparable(
    steps.map(({ stepId, key, status, outcome, result, error, usage }) => {
      return { stepId, key, status, outcome, result, error, usage };
    }),
  );
}

/** The journal by step: within a step the order counts, between parallel steps it does not. */
async function eventsOf(run: Run): Promise<unknown> {
  const { items } = await stack.client.runs.events(run.id, { limit: 1000 });
  const byStep = new Map<string, unknown[]>();
  for (const { type, stepId, data } of items) {
    const key = stepId ?? '';
    byStep.set(key, [...(byStep.get(key) ?? []), { type, data }]);
  }
  return comparable([...byStep].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('step gear, segment gear and in process', () => {
  test.each(CASES)(
    'give the same result, journal and events: %s',
    async (_name, spec) => {
      const runs = [
        await onServer(inGear(spec, 'step')),
        await onServer(inGear(spec, 'segment')),
        await inProcess(spec),
      ];
      const [first, ...others] = await Promise.all(
        runs.map(async (run) => ({
          end: comparable({ status: run.status, output: run.output, error: run.error }),
          usage: run.usage,
          steps: await stepsOf(run),
          events: await eventsOf(run),
        })),
      );
      for (const other of others) expect(other).toEqual(first);
    },
    120_000,
  );
});
