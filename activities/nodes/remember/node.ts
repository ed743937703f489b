import { CHANNEL, TEMPLATE, checkChannel, checkTool } from '../config-schemas.ts';
import { MEMORY_KINDS, MEMORY_SCOPES } from '../../../contracts/memory.ts';
import { REMEMBER } from '../../tools/memory/remember-tool.ts';
import { TOOL_RETRY } from '../retry-policies.ts';
import { callMemoryTool, prepareMemoryTool } from '../memory-call.ts';
import { configSchema, readConfig, renderText } from '../config.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { MemoryKind, MemoryScope } from '../../../contracts/memory.ts';
import type { NodeContext, NodeType } from '../node-type.ts';

interface RememberConfig {
  /** Template. */
  readonly text: string;
  readonly kind?: MemoryKind;
  readonly scope?: MemoryScope;
  readonly importance?: number;
  /** Channel for what came of it. */
  readonly save?: string;
}

const TIMEOUT_MS = 60_000;

/** Keeps something for later runs; what is known already is not written again. */
export const rememberNode: NodeType = {
  type: 'remember',
  description: 'Remembers a text for later runs of the user, the agent, the thread or everybody.',
  configSchema: configSchema(
    {
      text: { ...(TEMPLATE as JsonObject), minLength: 1 },
      kind: { enum: [...MEMORY_KINDS] },
      scope: { enum: [...MEMORY_SCOPES] },
      importance: { type: 'number', minimum: 0, maximum: 1 },
      save: CHANNEL,
    },
    ['text'],
  ),
  defaultGear: 'step',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: TOOL_RETRY,
  heartbeat: false,
  terminal: false,
  gearOf: (_config, context) => (context.tool(REMEMBER)?.light === true ? 'segment' : 'step'),
  reserves: true,
  check(config, context) {
    const { text, save } = readConfig<RememberConfig>({ config });
    return [
      ...checkTool('', REMEMBER, context),
      ...context.checkTemplate('/text', text),
      ...checkChannel('/save', save, context),
    ];
  },
  prepare: async (context) => prepareMemoryTool(context, requestOf(context)),
  execute: async (context) =>
    callMemoryTool(context, requestOf(context), readConfig<RememberConfig>(context).save),
};

function requestOf(context: NodeContext): { tool: string; arguments: JsonObject } {
  const { text, save: _save, ...rest } = readConfig<RememberConfig>(context);
  return { tool: REMEMBER, arguments: { ...rest, text: renderText(text, context.scope) } };
}
