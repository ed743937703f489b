import {
  CHANNEL,
  TEMPLATE,
  checkChannel,
  checkOptionalTemplate,
  checkTool,
} from '../config-schemas.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { MEMORY_KINDS, type MemoryKind } from '../../../contracts/memory.ts';
import { RETRIEVE, RETRIEVE_FROM } from '../../tools/memory/retrieve-tool.ts';
import { TOOL_RETRY } from '../retry-policies.ts';
import { callMemoryTool, prepareMemoryTool } from '../memory-call.ts';
import { configSchema, readConfig, renderText } from '../config.ts';
import { inputText } from '../conversation.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { NodeContext, NodeType } from '../node-type.ts';

interface RetrieveConfig {
  /** Template; the run's input by default. */
  readonly query?: string;
  readonly from?: (typeof RETRIEVE_FROM)[number];
  readonly kinds?: readonly MemoryKind[];
  readonly bases?: readonly string[];
  readonly limit?: number;
  readonly tokens?: number;
  readonly graph?: boolean;
  /** Channel for what was found. */
  readonly save?: string;
}

const TIMEOUT_MS = 60_000;

/** Finds memories and pieces of documents for what comes behind it. */
export const retrieveNode: NodeType = {
  type: 'retrieve',
  description:
    'Searches memories and knowledge bases; `text` of the result is ready for a prompt, `citations` ' +
    'says what its marks refer to.',
  configSchema: configSchema({
    query: TEMPLATE,
    from: { enum: [...RETRIEVE_FROM] },
    kinds: { type: 'array', items: { enum: [...MEMORY_KINDS] } },
    bases: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: LIMITS.baseNameChars },
      maxItems: LIMITS.basesPerAgent,
    },
    limit: { type: 'integer', minimum: 1, maximum: 50 },
    tokens: { type: 'integer', minimum: 50, maximum: LIMITS.recallTokens },
    graph: { type: 'boolean' },
    save: CHANNEL,
  }),
  defaultGear: 'step',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: TOOL_RETRY,
  heartbeat: false,
  terminal: false,
  gearOf: (_config, context) => (context.tool(RETRIEVE)?.light === true ? 'segment' : 'step'),
  reserves: false,
  check(config, context) {
    const { query, save } = readConfig<RetrieveConfig>({ config });
    return [
      ...checkTool('', RETRIEVE, context),
      ...checkOptionalTemplate('/query', query, context),
      ...checkChannel('/save', save, context),
    ];
  },
  prepare: async (context) => prepareMemoryTool(context, await requestOf(context)),
  execute: async (context) =>
    callMemoryTool(context, await requestOf(context), readConfig<RetrieveConfig>(context).save),
};

async function requestOf(context: NodeContext): Promise<{ tool: string; arguments: JsonObject }> {
  const { query, save: _save, ...rest } = readConfig<RetrieveConfig>(context);
  const text =
    query === undefined ? inputText(await context.input()) : renderText(query, context.scope);
  return { tool: RETRIEVE, arguments: { ...rest, query: text.slice(0, LIMITS.recallChars) } };
}
