import type { AgentSpec, ScriptTurn } from '../../contracts/agent-spec.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** A graph of `count` `set` nodes, each of which counts by one, ending with the count. */
export function countingGraph(count: number, durability: 'step' | 'segment'): AgentSpec {
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    type: 'set',
    durability,
    config: { values: { n: 'state.n + 1' } },
  }));
  const end = { id: 'done', type: 'end', durability, config: { value: 'state.n' } };
  const ids = [...nodes.map(({ id }) => id), 'done'];
  return {
    graph: {
      channels: { n: { reducer: 'replace', default: 0 } },
      nodes: [...nodes, end],
      edges: ids.slice(1).map((to, index) => ({
        type: 'normal' as const,
        from: ids[index] ?? '',
        to,
      })),
    },
  };
}

/** One `tool` node and an end. */
export function toolGraph(tool: string, args: JsonObject, approval = 'never'): AgentSpec {
  return {
    graph: {
      channels: { answer: { reducer: 'replace' } },
      nodes: [
        { id: 'act', type: 'tool', config: { tool, arguments: args, save: 'answer', approval } },
        { id: 'done', type: 'end', config: { value: 'state.answer' } },
      ],
      edges: [{ type: 'normal', from: 'act', to: 'done' }],
    },
  };
}

/** A loop of `set` nodes: `rounds` times around, in segments of two steps. */
export function loopGraph(rounds: number): AgentSpec {
  return {
    budgets: { maxSteps: rounds * 3 + 10 },
    graph: {
      channels: { n: { reducer: 'replace', default: 0 }, trail: { reducer: 'append' } },
      nodes: [
        { id: 'add', type: 'set', config: { values: { n: 'state.n + 1' } } },
        { id: 'note', type: 'set', config: { values: { trail: 'state.n' } } },
        {
          id: 'done',
          type: 'end',
          config: { value: '{"n": state.n, "trail": size(state.trail)}' },
        },
      ],
      edges: [
        { type: 'normal', from: 'add', to: 'note' },
        {
          type: 'conditional',
          from: 'note',
          cases: [{ when: `state.n < ${rounds}`, to: 'add' }],
          else: 'done',
        },
      ],
    },
  };
}

/** Branches that each ask a person, joined when all have answered. */
export function questionsGraph(count: number, timeoutMs?: number): AgentSpec {
  const ids = Array.from({ length: count }, (_, index) => `ask${index}`);
  return {
    graph: {
      channels: { answers: { reducer: 'append' } },
      nodes: [
        { id: 'begin', type: 'set', config: { values: {} } },
        ...ids.map((id, index) => ({
          id,
          type: 'human',
          config: {
            title: `Question ${index}`,
            allow: ['approve', 'reject', 'answer'],
            form: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
            onTimeout: 'continue',
            save: 'answers',
            ...(timeoutMs !== undefined && index === count - 1 ? { timeoutMs } : {}),
          },
        })),
        {
          id: 'gather',
          type: 'set',
          config: { values: {} },
          ...(count === 1 ? {} : { join: { mode: 'all' as const } }),
        },
        {
          id: 'done',
          type: 'end',
          config: { value: 'state.answers.map(a, a.decision)' },
        },
      ],
      edges: [
        count === 1
          ? { type: 'normal', from: 'begin', to: 'ask0' }
          : { type: 'fanout', from: 'begin', to: ids },
        ...ids.map((from) => ({ type: 'normal' as const, from, to: 'gather' })),
        { type: 'normal', from: 'gather', to: 'done' },
      ],
    },
  };
}

/** A one-prompt agent that plays a script. */
export function scriptedAgent(
  script: readonly ScriptTurn[],
  tools: readonly string[] = [],
): AgentSpec {
  return {
    model: { provider: 'scripted', script },
    instructions: 'Be brief.',
    tools: tools.map((name) => ({ name, approval: 'never' as const })),
  };
}

/** A one-prompt agent on the OpenAI-compatible server. */
export function openAiAgent(tools: readonly string[] = [], silenceMs = 60_000): AgentSpec {
  return {
    model: { provider: 'openai', name: 'test-model', silenceMs },
    instructions: 'Be brief.',
    tools: tools.map((name) => ({ name, approval: 'never' as const })),
  };
}
