import { describe, expect, test } from '@jest/globals';
import { builtInNodeTypes, createNodeRegistry } from '../registry.ts';
import { compile } from '../../../engine/compile.ts';
import { createToolRegistry } from '../../tools/registry.ts';
import type { SandboxLevel } from '../../../contracts/sandbox.ts';
import type { Tool } from '../../tools/tool.ts';
import type { ToolUse } from '../../../contracts/agent-spec.ts';

function toolOf(name: string, group?: string): Tool {
  return {
    name,
    ...(group === undefined ? {} : { group }),
    description: '',
    parameters: true,
    effect: 'pure',
    timeoutMs: 1_000,
    light: true,
    execute: async () => null,
  };
}

const TOOLS = [toolOf('read', 'files'), toolOf('write', 'files'), toolOf('other')];

function compiled(tools: readonly ToolUse[]) {
  const nodes = createNodeRegistry(builtInNodeTypes);
  const registry = createToolRegistry(TOOLS);
  const spec = { model: { provider: 'scripted' }, instructions: '', tools } as const;
  return compile(spec, {
    nodeType: (type) => nodes.get(type),
    tool: (name) => registry.get(name),
    toolGroup: (name) => registry.group(name),
  });
}

const use = (
  name: string,
  approval: ToolUse['approval'] = 'never',
  level?: SandboxLevel,
): ToolUse => ({
  name,
  approval,
  ...(level === undefined ? {} : { sandboxLevel: level }),
});

describe('the name of a group of tools', () => {
  test.each([
    { given: [use('files')], tools: [use('read'), use('write')] },
    {
      given: [use('files', 'always'), use('other')],
      tools: [use('read', 'always'), use('write', 'always'), use('other')],
    },
    {
      given: [use('files'), use('write', 'always'), use('files')],
      tools: [use('read'), use('write', 'always')],
    },
    {
      given: [use('files', 'never', 'gvisor'), use('write')],
      tools: [use('read', 'never', 'gvisor'), use('write')],
    },
    { given: [use('other')], tools: [use('other')] },
  ])('stands for its tools: $given', ({ given, tools }) => {
    expect(compiled(given)).toMatchObject({
      graph: { nodes: { agent: { config: { tools } } } },
    });
  });

  test('is a problem where there is no such group', () => {
    expect(compiled([use('files'), use('folders')])).toMatchObject({
      problems: [{ pointer: '/tools/1/name', code: 'tool.unknown' }],
    });
  });

  test('is no name of a tool', () => {
    expect(() => createToolRegistry([...TOOLS, toolOf('files')])).toThrow('group');
  });
});
