import { describe, expect, test } from '@jest/globals';
import { parseAgentSpec } from './agent-spec.schema.ts';
import type { JsonObject } from './json.ts';

const SHORT: JsonObject = { model: { provider: 'default' }, instructions: 'Help.' };
const NODES = [
  { id: 'a', type: 'set' },
  { id: 'end', type: 'end' },
];
const FULL: JsonObject = {
  graph: { nodes: NODES, edges: [{ type: 'normal', from: 'a', to: 'end' }] },
};

/** Problems as `pointer code`. */
function found(value: unknown): readonly string[] {
  const parsed = parseAgentSpec(value);
  if (!('problems' in parsed)) return [];
  for (const problem of parsed.problems) expect(problem.message).not.toBe('');
  return parsed.problems.map((problem) => `${problem.pointer} ${problem.code}`);
}

function withNode(rest: JsonObject): JsonObject {
  return { graph: { nodes: [{ id: 'a', type: 'set', ...rest }] } };
}

function withEdge(edge: JsonObject): JsonObject {
  return { graph: { nodes: NODES, edges: [edge] } };
}

describe('parseAgentSpec', () => {
  test('fills in what the shorthand leaves out', () => {
    expect(
      parseAgentSpec({
        ...SHORT,
        tools: [
          'search',
          { name: 'pay', approval: 'always' },
          { name: 'read' },
          { name: 'run', sandboxLevel: 'gvisor' },
        ],
      }),
    ).toEqual({
      spec: {
        ...SHORT,
        tools: [
          { name: 'search', approval: 'never' },
          { name: 'pay', approval: 'always' },
          { name: 'read', approval: 'never' },
          { name: 'run', approval: 'never', sandboxLevel: 'gvisor' },
        ],
      },
    });
    expect(parseAgentSpec(SHORT)).toEqual({ spec: { ...SHORT, tools: [] } });
  });

  test('fills in what a graph leaves out', () => {
    expect(parseAgentSpec({ graph: { nodes: NODES } })).toEqual({
      spec: { graph: { nodes: NODES.map((node) => ({ ...node, config: {} })), edges: [] } },
    });
  });

  test('takes a spec with everything', () => {
    const spec = {
      input: { type: 'object' },
      output: true,
      budgets: {
        maxSteps: 5,
        maxModelCalls: 1,
        maxToolCalls: 1,
        maxTokens: 10,
        maxDurationMs: 1_000,
      },
      graph: {
        start: 'a',
        nodes: [
          {
            id: 'a',
            type: 'model',
            config: { any: ['thing', null, true, 1.5] },
            durability: 'step',
            timeoutMs: 100,
            retry: { maxAttempts: 2, initialIntervalMs: 10, backoff: 1.5, maxIntervalMs: 50 },
            onError: { do: 'continue', value: { x: [1] } },
            join: { mode: 'n', count: 2 },
          },
          {
            id: 'b',
            type: 'set',
            config: {},
            onError: { do: 'goto', node: 'a' },
            join: { mode: 'any' },
          },
          { id: 'c', type: 'end', config: {}, onError: { do: 'fail' }, join: { mode: 'all' } },
        ],
        edges: [
          { type: 'conditional', from: 'a', cases: [{ when: 'true', to: 'b' }], else: 'c' },
          { type: 'fanout', from: 'b', to: ['a', 'c'] },
        ],
        channels: { xs: { reducer: 'append', default: [] }, camelCase: { reducer: 'merge' } },
      },
    };
    expect(parseAgentSpec(spec)).toEqual({ spec });
  });

  test('lets an agent learn only for whom its author names', () => {
    const memory = (more: JsonObject) => ({ ...SHORT, memory: more });
    expect(found(memory({ learn: { scope: 'thread' }, scopes: ['thread'] }))).toEqual([]);
    const workspace = { learn: { scope: 'workspace' } };
    expect(found(memory({ ...workspace, scopes: ['workspace'] }))).toEqual([]);
    expect(found(memory(workspace))).toEqual(['/memory/learn/scope spec.invalid_value']);
    expect(found(memory({ scopes: [] }))).toEqual(['/memory/scopes spec.too_small']);
  });

  test('takes scripts of models', () => {
    const script = [
      { when: 'turn == 1', call: [{ tool: 't', arguments: { a: 1 } }] },
      { say: 'Hi {{ last }}', output: '1', calls: '[]' },
    ];
    const model = {
      provider: 'scripted',
      name: 'n',
      temperature: 0.5,
      maxOutputTokens: 5,
      silenceMs: 100,
      script,
    };
    expect(found({ ...SHORT, model })).toEqual([]);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['no object', 'agent', [' spec.wrong_type']],
    ['a list', [], [' spec.wrong_type']],
    ['nothing', {}, ['/model spec.missing', '/instructions spec.missing']],
    ['an unknown field', { ...SHORT, 'no/such': 1 }, ['/no~1such spec.unknown_field']],
    [
      'a shorthand and a graph',
      { ...SHORT, ...FULL },
      ['/model spec.unknown_field', '/instructions spec.unknown_field'],
    ],
    ['a text for an object', { ...SHORT, model: 'gpt' }, ['/model spec.wrong_type']],
    [
      'an unknown provider',
      { ...SHORT, model: { provider: 'x' } },
      ['/model/provider spec.invalid_value'],
    ],
    [
      'a number that is too large',
      { ...SHORT, model: { provider: 'default', temperature: 3 } },
      ['/model/temperature spec.too_large'],
    ],
    [
      'a number that is too small',
      { ...SHORT, budgets: { maxSteps: 0 } },
      ['/budgets/maxSteps spec.too_small'],
    ],
    [
      'a budget above its limit',
      { ...SHORT, budgets: { maxSteps: 10_001 } },
      ['/budgets/maxSteps spec.too_large'],
    ],
    ['a fraction', { ...SHORT, budgets: { maxSteps: 1.5 } }, ['/budgets/maxSteps spec.wrong_type']],
    [
      'too many tools',
      { ...SHORT, tools: Array.from({ length: 65 }, () => 't') },
      ['/tools spec.too_many'],
    ],
    ['a tool without a name', { ...SHORT, tools: [{}] }, ['/tools/0/name spec.missing']],
    ['a tool with a bad name', { ...SHORT, tools: ['Bad Name'] }, ['/tools/0 spec.invalid_value']],
    ['a tool that is a number', { ...SHORT, tools: [1] }, ['/tools/0 spec.invalid_value']],
    ['a tool that is null', { ...SHORT, tools: [null] }, ['/tools/0 spec.invalid_value']],
    [
      "a tool's unknown level of sandboxes",
      { ...SHORT, tools: [{ name: 't', sandboxLevel: 'tin' }] },
      ['/tools/0/sandboxLevel spec.invalid_value'],
    ],
    ['a schema that is none', { ...SHORT, input: 1 }, ['/input spec.invalid_value']],
    [
      'an unknown browser engine',
      { ...SHORT, sandbox: { browser: { engine: 'lynx' } } },
      ['/sandbox/browser/engine spec.invalid_value'],
    ],
    ['no nodes', { graph: {} }, ['/graph/nodes spec.missing']],
    ['an empty list of nodes', { graph: { nodes: [] } }, ['/graph/nodes spec.too_small']],
    ['a bad id', withNode({ id: '__proto' }), ['/graph/nodes/0/id spec.invalid_value']],
    [
      'a config that is a list',
      withNode({ config: [] }),
      ['/graph/nodes/0/config spec.invalid_value'],
    ],
    [
      'an unknown gear',
      withNode({ durability: 'none' }),
      ['/graph/nodes/0/durability spec.invalid_value'],
    ],
    [
      'an unknown onError',
      withNode({ onError: { do: 'cry' } }),
      ['/graph/nodes/0/onError/do spec.invalid_value'],
    ],
    [
      'an onError without do',
      withNode({ onError: {} }),
      ['/graph/nodes/0/onError/do spec.missing'],
    ],
    [
      'a continue without a value',
      withNode({ onError: { do: 'continue' } }),
      ['/graph/nodes/0/onError/value spec.missing'],
    ],
    [
      'a join without a count',
      withNode({ join: { mode: 'n' } }),
      ['/graph/nodes/0/join/count spec.missing'],
    ],
    [
      'a timeout above the limit',
      withNode({ timeoutMs: 1e9 }),
      ['/graph/nodes/0/timeoutMs spec.too_large'],
    ],
    [
      'an unknown edge',
      withEdge({ type: 'jump', from: 'a', to: 'end' }),
      ['/graph/edges/0/type spec.invalid_value'],
    ],
    [
      'an edge without an end',
      withEdge({ type: 'normal', from: 'a' }),
      ['/graph/edges/0/to spec.missing'],
    ],
    [
      'a long condition',
      withEdge({ type: 'conditional', from: 'a', cases: [{ when: 'x'.repeat(4_097), to: 'a' }] }),
      ['/graph/edges/0/cases/0/when spec.too_long'],
    ],
    [
      'too many cases',
      withEdge({
        type: 'conditional',
        from: 'a',
        cases: Array.from({ length: 51 }, () => ({ when: '1', to: 'a' })),
      }),
      ['/graph/edges/0/cases spec.too_many'],
    ],
    [
      'one target',
      withEdge({ type: 'fanout', from: 'a', to: ['a'] }),
      ['/graph/edges/0/to spec.too_small'],
    ],
    [
      'a bad channel name',
      { graph: { nodes: NODES, channels: { 'Bad name': { reducer: 'append' } } } },
      ['/graph/channels/Bad name spec.invalid_value'],
    ],
    [
      'an unknown reducer',
      { graph: { nodes: NODES, channels: { a: { reducer: 'sum' } } } },
      ['/graph/channels/a/reducer spec.invalid_value'],
    ],
  ])('refuses %s', (_, value, problems) => {
    expect(found(value)).toEqual(problems);
  });
});
