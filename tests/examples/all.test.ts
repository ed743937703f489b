import { expect, test } from '@jest/globals';
import { createNodeRegistry, builtInNodeTypes } from '../../activities/nodes/registry.ts';
import { createBuiltInTools } from '../../activities/tools/built-in/built-in-tools.ts';
import { compileSpec } from '../../api/compile-spec.ts';
import { validateJson } from '../../engine/json-schema.ts';
import { createToolRegistry } from '../../activities/tools/registry.ts';
import { DEMO_AGENTS } from '../../examples/index.ts';
import type { Json } from '../../contracts/json.ts';

const nodes = createNodeRegistry(builtInNodeTypes);
const tools = createToolRegistry(createBuiltInTools({ httpAllowHosts: [], inputsRoot: '.' }));
const registry = {
  nodeType: (type: string) => nodes.get(type),
  tool: (name: string) => tools.get(name),
};

test.each(DEMO_AGENTS)('$name compiles, and its sample input fits', ({ spec, sampleInput }) => {
  const compiled = compileSpec(JSON.parse(JSON.stringify(spec)) as Json, registry);
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems, null, 2));
  expect(validateJson(compiled.graph.input, sampleInput)).toEqual([]);
});
