import {
  APPROVAL,
  CHANNEL,
  MODEL,
  SANDBOX_LEVEL,
  SCHEMA,
  TEMPLATE,
  TOOL_NAME,
  checkChannel,
  checkOptionalSchema,
  checkOptionalTemplate,
} from '../config-schemas.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { checkToolUse, expandToolUses } from './tool-uses.ts';
import { MODEL_RETRY } from '../retry-policies.ts';
import { answerCall, prepareAgentCall, recoverAgentCall } from './tool-calls.ts';
import { checkScript } from '../check-script.ts';
import { configSchema, readConfig } from '../config.ts';
import { takeTurn } from './turn.ts';
import type { AgentConfig } from './config.ts';
import type { NodeType } from '../node-type.ts';

const TIMEOUT_MS = 600_000;
const MAX_TURNS = 1_000;

/**
 * A model that calls tools until it has its answer. Each visit is one call of the model; the tool
 * calls that it asks for are steps of their own, and the engine visits the node again behind them.
 */
export const agentNode: NodeType = {
  type: 'agent',
  description: 'Lets a model call tools until it answers; its text or structured output results.',
  configSchema: configSchema(
    {
      model: MODEL,
      instructions: TEMPLATE,
      tools: {
        type: 'array',
        maxItems: LIMITS.toolsPerAgent,
        items: {
          type: 'object',
          properties: { name: TOOL_NAME, approval: APPROVAL, sandboxLevel: SANDBOX_LEVEL },
          required: ['name', 'approval'],
          additionalProperties: false,
        },
      },
      prompt: TEMPLATE,
      output: SCHEMA,
      save: CHANNEL,
      maxTurns: { type: 'integer', minimum: 1, maximum: MAX_TURNS },
    },
    ['model', 'instructions'],
  ),
  defaultGear: 'step',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: MODEL_RETRY,
  heartbeat: true,
  terminal: false,
  reserves: true,
  resultRole: () => 'answer',
  check(config, context) {
    const given = readConfig<AgentConfig>({ config });
    return [
      ...checkScript('/model/script', given.model.script, context),
      ...context.checkTemplate('/instructions', given.instructions),
      ...checkOptionalTemplate('/prompt', given.prompt, context),
      ...checkOptionalSchema('/output', given.output, context),
      ...checkChannel('/save', given.save, context),
      ...(given.tools ?? []).flatMap((use, index) =>
        checkToolUse(`/tools/${index}/name`, use.name, context),
      ),
    ];
  },
  expand: expandToolUses,
  async prepare(context) {
    return context.call.op === 'call' ? prepareAgentCall(context) : { memo: {} };
  },
  async execute(context) {
    return context.call.op === 'call' ? answerCall(context) : takeTurn(context);
  },
  async recover(context, failure) {
    return context.call.op === 'call' ? recoverAgentCall(context, failure) : null;
  },
};
