import { ONE_ATTEMPT } from './plan.fixture.ts';
import type { CompileRegistry } from './compile.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { NodeDescriptor } from './node-descriptor.ts';

const BASE = {
  description: 'A node for tests.',
  configSchema: true,
  defaultGear: 'segment',
  defaultTimeoutMs: 1_000,
  defaultRetry: ONE_ATTEMPT,
  heartbeat: false,
  terminal: false,
  check: () => [],
} as const;

function textAt(config: JsonObject, name: string): string {
  const text = config[name];
  return typeof text === 'string' ? text : '';
}

const TYPES: readonly NodeDescriptor[] = [
  { ...BASE, type: 'set' },
  { ...BASE, type: 'end', terminal: true },
  { ...BASE, type: 'agent', defaultGear: 'step', heartbeat: true },
  {
    ...BASE,
    type: 'save',
    configSchema: {
      type: 'object',
      properties: { channel: { type: 'string' }, value: { type: 'string' } },
      required: ['channel'],
      additionalProperties: false,
    },
    check: (config, context) => [
      ...(context.hasChannel(textAt(config, 'channel'))
        ? []
        : [{ pointer: '/channel', code: 'graph.unknown_channel', message: 'there is none' }]),
      ...context.checkExpression('/value', textAt(config, 'value') || '1'),
      ...context.checkTemplate('/value', textAt(config, 'value')),
      ...context.checkSchema('/schema', true),
    ],
  },
  {
    ...BASE,
    type: 'tool',
    defaultGear: 'step',
    check: (config, context) =>
      context.tool(textAt(config, 'tool')) === null
        ? [{ pointer: '/tool', code: 'tool.unknown', message: 'there is none' }]
        : [],
    gearOf: (config, context) =>
      context.tool(textAt(config, 'tool'))?.light === true ? 'segment' : 'step',
  },
];

/** Node types for tests: `set`, `end`, `agent`, `save`, `tool`; tools `light` and `heavy`. */
export const TEST_REGISTRY: CompileRegistry = {
  nodeType: (type) => TYPES.find((known) => known.type === type) ?? null,
  tool: (name) => (name === 'light' || name === 'heavy' ? { light: name === 'light' } : null),
};
