import {
  APPROVAL,
  CHANNEL,
  SANDBOX_LEVEL,
  TOOL_NAME,
  checkChannel,
  checkTool,
} from '../config-schemas.ts';
import { NO_USAGE } from '../../../contracts/step.ts';
import { TOOL_RETRY } from '../retry-policies.ts';
import { configSchema, readConfig, renderFields, stringsOf } from '../config.ts';
import { executeCall, levelOf, prepareCall, recoverCall } from '../../tools/call-tool.ts';
import type { ApprovalPolicy } from '../../../contracts/effect.ts';
import type { CallOutcome, ToolRequest } from '../../tools/call-tool.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { NodeContext, NodeResult, NodeType } from '../node-type.ts';
import type { SandboxLevel } from '../../../contracts/sandbox.ts';

interface ToolConfig {
  readonly tool: string;
  /** Strings may be templates. */
  readonly arguments?: JsonObject;
  readonly save?: string;
  readonly approval?: ApprovalPolicy;
  /** Of the tool's sandbox; the agent's by default. */
  readonly sandboxLevel?: SandboxLevel;
}

const TIMEOUT_MS = 120_000;

/** One tool call as a node. An error fails the step, so that `onError` applies. */
export const toolNode: NodeType = {
  type: 'tool',
  description: 'Calls a tool with given arguments; what it answers is the result.',
  configSchema: configSchema(
    {
      tool: TOOL_NAME,
      arguments: { type: 'object' },
      save: CHANNEL,
      approval: APPROVAL,
      sandboxLevel: SANDBOX_LEVEL,
    },
    ['tool'],
  ),
  defaultGear: 'step',
  defaultTimeoutMs: TIMEOUT_MS,
  defaultRetry: TOOL_RETRY,
  heartbeat: true,
  terminal: false,
  reserves: true,
  check(config, context) {
    const given = readConfig<ToolConfig>({ config });
    return [
      ...checkTool('/tool', given.tool, context),
      ...checkChannel('/save', given.save, context),
      ...stringsOf(given.arguments ?? {}, '/arguments').flatMap(([pointer, text]) =>
        context.checkTemplate(pointer, text),
      ),
    ];
  },
  gearOf: (config, context) =>
    context.tool(readConfig<ToolConfig>({ config }).tool)?.light === true ? 'segment' : 'step',
  prepare: (context) => prepareCall(context, requestOf(context)),
  async execute(context) {
    return toResult(context, await executeCall(context, requestOf(context)));
  },
  async recover(context, failure) {
    const outcome = recoverCall(context, requestOf(context), failure);
    return outcome.kind === 'wait' ? outcome : null;
  },
};

function requestOf(context: NodeContext): ToolRequest {
  const config = readConfig<ToolConfig>(context);
  return {
    tool: config.tool,
    arguments: renderFields(config.arguments ?? {}, context.scope),
    approval: config.approval ?? 'never',
    ...levelOf(config),
    offered: true,
  };
}

function toResult(context: NodeContext, outcome: CallOutcome): NodeResult {
  const usage = { ...NO_USAGE, toolCalls: 1 };
  switch (outcome.kind) {
    case 'wait':
      return outcome;
    case 'error':
      return { kind: 'failed', error: outcome.error, usage };
    case 'result': {
      const { save } = readConfig<ToolConfig>(context);
      const deltas = save === undefined ? [] : [{ channel: save, value: outcome.value }];
      return { kind: 'done', result: outcome.value, deltas, usage };
    }
  }
}
