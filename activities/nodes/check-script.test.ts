import { describe, expect, test } from '@jest/globals';
import { builtInNodeTypes, createNodeRegistry } from './registry.ts';
import { compile } from '../../engine/compile.ts';
import { SCRIPT_ROOTS, type AgentSpec, type ScriptTurn } from '../../contracts/agent-spec.ts';
import type { Problem } from '../../contracts/problem.ts';

const NODES = createNodeRegistry(builtInNodeTypes);

function problemsOf(spec: AgentSpec): readonly Problem[] {
  const registry = { nodeType: (type: string) => NODES.get(type), tool: () => null };
  const compiled = compile(JSON.parse(JSON.stringify(spec)) as AgentSpec, registry);
  return 'problems' in compiled ? compiled.problems : [];
}

function found(spec: AgentSpec): readonly string[] {
  return problemsOf(spec).map(({ pointer, code }) => `${pointer} ${code}`);
}

function agentWith(script: readonly ScriptTurn[]): AgentSpec {
  return { model: { provider: 'scripted', script }, instructions: '', tools: [] };
}

describe('the script of a model', () => {
  test.each<[string, ScriptTurn, string]>([
    ['a condition', { when: 'turn ==' }, 'when'],
    ['an output', { output: '{"a": }' }, 'output'],
    ['computed calls', { calls: '[nothing()]' }, 'calls'],
    ['a text', { say: 'hello {{ last' }, 'say'],
    [
      'an argument deep in a call',
      { call: [{ tool: 'a', arguments: { 'x/y': [1, { z: '{{ 1 + }}' }] } }] },
      'call/0/arguments/x~1y/1/z',
    ],
  ])('is refused for %s that is no CEL, at its place', (...[, turn, place]) => {
    expect(found(agentWith([{ say: 'fine' }, turn]))).toEqual([
      `/model/script/1/${place} expression.invalid`,
    ]);
  });

  test.each(['model', 'agent'])('is checked in a graph in nodes of type %s', (type) => {
    const model = { provider: 'default', script: [{ when: '1 +' }, { output: 'x' }] };
    const config = { model, instructions: '' };
    const nodes = [
      { id: 'a', type, config },
      { id: 'end', type: 'end', config: {} },
    ];
    const edges = [{ type: 'normal', from: 'a', to: 'end' } as const];
    expect(found({ graph: { nodes, edges } })).toEqual([
      '/graph/nodes/0/config/model/script/0/when expression.invalid',
      '/graph/nodes/0/config/model/script/1/output expression.invalid',
    ]);
  });

  test.each(SCRIPT_ROOTS)('may use %s', (root) => {
    const call = [{ tool: 'a', arguments: { x: `{{ ${root} }}` } }];
    const turn = { when: `${root} == 1`, say: `{{ ${root} }}`, output: root, calls: root, call };
    expect(found(agentWith([turn]))).toEqual([]);
  });

  test.each(['input', 'state', 'visit', 'result'])(
    'may not use %s, which no script sees, and is told what there is',
    (root) => {
      const turn = { when: `${root} == 1`, say: `{{ ${root} }}` };
      const problems = problemsOf(agentWith([turn]));
      expect(problems.map(({ pointer }) => pointer)).toEqual([
        '/model/script/0/when',
        '/model/script/0/say',
      ]);
      expect(problems[0]?.message).toContain(
        `nothing named ${root}; use turn, messages, last, instructions, tools`,
      );
    },
  );
});
