import { AppError } from '../../../contracts/app-error.ts';
import { DEFAULT_MAX_TURNS, type AgentConfig } from './config.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { contentText } from '../../../contracts/message.ts';
import { ONCE_RETRY, TOOL_RETRY } from '../retry-policies.ts';
import { callModel, type ModelAnswer } from '../call-model.ts';
import { messageDelta, openTurns, openingMessages, ownMessages } from '../conversation.ts';
import { readConfig, renderText } from '../config.ts';
import { toDefinition } from '../../tools/tool-definition.ts';
import type { Delta, SpawnedCall } from '../../../contracts/step.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { Message, ToolCall } from '../../../contracts/message.ts';
import type { NodeContext, NodeResult } from '../node-type.ts';
import type { Tool } from '../../tools/tool.ts';

const UNKNOWN_TOOL_TIMEOUT_MS = 60_000;
/** The tool's own time limit strikes first: it knows what its end means. */
const TIMEOUT_MARGIN_MS = 5_000;

/** One call of the agent's model: its answer ends the loop, its tool calls become steps. */
export async function takeTurn(context: NodeContext): Promise<NodeResult> {
  const config = readConfig<AgentConfig>(context);
  const own = await ownMessages(context);
  const turns = openTurns(own);
  const maxTurns = config.maxTurns ?? DEFAULT_MAX_TURNS;
  if (turns >= maxTurns) {
    throw new AppError('budget.exceeded', `the agent has no answer after ${maxTurns} model calls`);
  }
  const prompt = turns === 0 ? promptOf(context, config) : [];
  const opening = await openingMessages(context, config.prompt === undefined);
  const messages = [...opening, ...own, ...prompt];
  const asked = lastSaid(messages);
  const answer = await callModel(context, {
    model: config.model,
    instructions: config.instructions,
    messages,
    recalled: asked === '' ? null : await context.recall(asked, { first: turns === 0 }),
    tools: toolsOf(context, config).map(toDefinition),
    output: config.output,
  });
  const before = prompt.map(messageDelta);
  return answer.toolCalls.length === 0
    ? finished(config, answer, before)
    : askingForTools(context, answer, before);
}

/** What the user said last: what is recalled is about that. */
function lastSaid(messages: readonly Message[]): string {
  const last = messages.findLast(({ role }) => role === 'user');
  return last === undefined ? '' : contentText(last.content);
}

function promptOf(context: NodeContext, config: AgentConfig): readonly Message[] {
  if (config.prompt === undefined) return [];
  return [{ role: 'user', content: renderText(config.prompt, context.scope) }];
}

function toolsOf(context: NodeContext, config: AgentConfig): readonly Tool[] {
  return (config.tools ?? []).map(({ name }) => {
    const tool = context.tools.get(name);
    if (tool !== null) return tool;
    throw new AppError('tool.unknown', `the installation no longer has the tool "${name}"`);
  });
}

function finished(config: AgentConfig, answer: ModelAnswer, before: readonly Delta[]): NodeResult {
  const saved = config.save === undefined ? [] : [{ channel: config.save, value: answer.value }];
  return {
    kind: 'done',
    result: answer.value,
    deltas: [...before, messageDelta({ role: 'assistant', content: answer.value }), ...saved],
    usage: answer.stepUsage,
    model: answer.model,
  };
}

function askingForTools(
  context: NodeContext,
  answer: ModelAnswer,
  before: readonly Delta[],
): NodeResult {
  const { toolCalls, text } = answer;
  const surplus = toolCalls.slice(LIMITS.parallelToolCalls).map(refuseSurplus);
  const calls = toolCalls.slice(0, LIMITS.parallelToolCalls);
  const said: Message = { role: 'assistant', content: text, toolCalls };
  return {
    kind: 'spawn',
    result: { text, toolCalls: toolCalls.map((call): JsonObject => ({ ...call })) },
    calls: calls.map((call) => spawnedCall(context.tools.get(call.name))),
    deltas: [...before, messageDelta(said), ...surplus.map(messageDelta)],
    usage: answer.stepUsage,
    model: answer.model,
  };
}

/** Every call must be answered, or the model's provider refuses the conversation. */
function refuseSurplus(call: ToolCall): Message {
  return {
    role: 'tool',
    toolCallId: call.id,
    name: call.name,
    content: `not executed: at most ${LIMITS.parallelToolCalls} tools are called at once`,
    isError: true,
  };
}

function spawnedCall(tool: Tool | null): SpawnedCall {
  if (tool === null) {
    return {
      gear: 'segment',
      timeoutMs: UNKNOWN_TOOL_TIMEOUT_MS,
      retry: ONCE_RETRY,
      heartbeat: false,
    };
  }
  return {
    gear: tool.light ? 'segment' : 'step',
    timeoutMs: tool.timeoutMs + TIMEOUT_MARGIN_MS,
    retry: tool.effect === 'once' ? ONCE_RETRY : TOOL_RETRY,
    heartbeat: !tool.light,
  };
}
