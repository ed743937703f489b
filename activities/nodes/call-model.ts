import { NO_USAGE, type Usage } from '../../contracts/step.ts';
import { renderText } from './config.ts';
import { toModelMessages } from './conversation.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { Message } from '../../contracts/message.ts';
import type { ModelResponse, ToolDefinition } from '../../adapters/models/port.ts';
import type { ModelSpec } from '../../contracts/agent-spec.ts';
import type { NodeContext } from './node-type.ts';

/** What a node asks of a model. */
export interface ModelAsk {
  readonly model: ModelSpec;
  /** Template. */
  readonly instructions: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly output: JsonSchema | undefined;
  /** Recalled text, shown behind the instructions as it is. */
  readonly recalled?: string | null;
}

/** A model's answer as a node uses it. */
export interface ModelAnswer extends ModelResponse {
  /** The structured output if one was asked for, else the text. */
  readonly value: Json;
  readonly stepUsage: Usage;
}

/** One call of a model on behalf of a node. */
export async function callModel(context: NodeContext, ask: ModelAsk): Promise<ModelAnswer> {
  const response = await context.models.call(
    {
      model: ask.model,
      instructions: instructionsOf(context, ask),
      messages: toModelMessages(ask.messages),
      tools: ask.tools,
      output: ask.output ?? null,
    },
    { signal: context.signal, onText: context.onText },
  );
  return {
    ...response,
    value: ask.output === undefined ? response.text : response.output,
    stepUsage: { ...NO_USAGE, ...response.usage, modelCalls: 1 },
  };
}

/** Recalled text is no template: whatever stands in it is shown, never evaluated. */
function instructionsOf(context: NodeContext, { instructions, recalled }: ModelAsk): string {
  const own = renderText(instructions, context.scope);
  if (recalled === undefined || recalled === null) return own;
  return `${own}\n\n${recalled}`;
}
