import type { EffectClass } from '../../contracts/effect.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Tool, ToolContext } from '../../activities/tools/tool.ts';

const SINK_URL = process.env['SINK_URL'] ?? '';

async function deliver(name: string, args: JsonObject, context: ToolContext): Promise<Json> {
  const response = await fetch(SINK_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': context.idempotencyKey },
    body: JSON.stringify({ ...args, tool: name }),
    signal: context.signal,
  });
  if (!response.ok) throw new Error(`the sink answered ${response.status}`);
  return (await response.json()) as Json;
}

function sinkTool(effect: EffectClass): Tool {
  const name = `sink_${effect}`;
  return {
    name,
    description: `Takes effect in the test's tool server; effect class ${effect}.`,
    parameters: {
      type: 'object',
      properties: { label: { type: 'string' }, hold: { enum: ['before', 'after'] } },
      required: ['label'],
      additionalProperties: false,
    },
    effect,
    timeoutMs: 60_000,
    light: false,
    execute: (args, context) => deliver(name, args, context),
  };
}

/** An operator's own tools, as `HOLDFAST_TOOLS` loads them: one of each effect class. */
export const tools: readonly Tool[] = [
  sinkTool('pure'),
  sinkTool('idempotent'),
  sinkTool('keyed'),
  sinkTool('once'),
  {
    name: 'big_result',
    description: 'Answers with a text of so many bytes.',
    parameters: {
      type: 'object',
      properties: { bytes: { type: 'integer' } },
      required: ['bytes'],
    },
    effect: 'pure',
    timeoutMs: 60_000,
    light: false,
    execute: async (args) => 'x'.repeat(Number(args['bytes'])),
  },
  {
    name: 'not_json',
    description: 'Answers with something that is no JSON.',
    parameters: { type: 'object' },
    effect: 'pure',
    timeoutMs: 10_000,
    light: true,
    // The type is wrong on purpose: operators' code is not always typed.
    execute: async () => ({ when: 1n, self: () => 0 }) as unknown as Json,
  },
];
