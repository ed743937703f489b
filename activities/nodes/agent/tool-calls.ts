import {
  executeCall,
  levelOf,
  prepareCall,
  recoverCall,
  type CallOutcome,
} from '../../tools/call-tool.ts';
import { NO_USAGE } from '../../../contracts/step.ts';
import { impossible, readConfig } from '../config.ts';
import { isJsonObject, type Json } from '../../../contracts/json.ts';
import { messageDelta } from '../conversation.ts';
import type { AgentConfig } from './config.ts';
import type { Failure } from '../../../contracts/app-error.ts';
import type { NodeContext, NodeResult, Preparation } from '../node-type.ts';
import type { ToolCall } from '../../../contracts/message.ts';
import type { ToolRequest } from '../../tools/call-tool.ts';

interface AskedCall {
  readonly call: ToolCall;
  readonly request: ToolRequest;
}

/** The tool call that the step stands for, from the recorded answer of the model. */
async function findCall(context: NodeContext): Promise<AskedCall> {
  const parent = await context.parentResult();
  const calls = isJsonObject(parent) ? parent['toolCalls'] : undefined;
  const found: Json | undefined = Array.isArray(calls)
    ? (calls as readonly Json[])[context.call.callIndex ?? 0]
    : undefined;
  if (!isToolCall(found)) return impossible(`step ${context.call.stepId} has no tool call`);
  const use = (readConfig<AgentConfig>(context).tools ?? []).find((t) => t.name === found.name);
  const request: ToolRequest = {
    tool: found.name,
    arguments: found.arguments,
    ...(found.malformed === undefined ? {} : { malformed: found.malformed }),
    approval: use?.approval ?? 'never',
    ...levelOf(use),
    offered: use !== undefined,
  };
  return { call: found, request };
}

function isToolCall(value: unknown): value is ToolCall {
  if (!isJsonObject(value)) return false;
  const { id, name, arguments: args } = value;
  return typeof id === 'string' && typeof name === 'string' && isJsonObject(args);
}

/** What is kept before the call acts. */
export async function prepareAgentCall(context: NodeContext): Promise<Preparation> {
  return prepareCall(context, (await findCall(context)).request);
}

/** Executes the call and tells the model what came of it. */
export async function answerCall(context: NodeContext): Promise<NodeResult> {
  const { call, request } = await findCall(context);
  return toResult(call, await executeCall(context, request));
}

/** A call that finally failed is told to the model, which may find another way. */
export async function recoverAgentCall(
  context: NodeContext,
  failure: Failure,
): Promise<NodeResult> {
  const { call, request } = await findCall(context);
  return toResult(call, recoverCall(context, request, failure));
}

function toResult(call: ToolCall, outcome: CallOutcome): NodeResult {
  const base = { role: 'tool', toolCallId: call.id, name: call.name } as const;
  const usage = { ...NO_USAGE, toolCalls: 1 };
  switch (outcome.kind) {
    case 'wait':
      return outcome;
    case 'result': {
      const message = messageDelta({ ...base, content: outcome.value });
      return { kind: 'done', result: outcome.value, deltas: [message], usage };
    }
    case 'error': {
      const { code, message } = outcome.error;
      const told = messageDelta({ ...base, content: message, isError: true });
      return { kind: 'done', result: { error: { code, message } }, deltas: [told], usage };
    }
  }
}
