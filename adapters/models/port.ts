import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { ModelSpec } from '../../contracts/agent-spec.ts';
import type { ToolCall } from '../../contracts/message.ts';

/** A tool as a model sees it. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

/** A message with its content resolved: models get values, never references. */
export type ModelMessage =
  | { readonly role: 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly toolCalls: readonly ToolCall[];
    }
  | {
      readonly role: 'tool';
      readonly toolCallId: string;
      readonly name: string;
      readonly content: string;
      readonly isError: boolean;
    };

/** One call of a model. */
export interface ModelRequest {
  readonly model: ModelSpec;
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolDefinition[];
  /** Asks for structured output that fits the schema. */
  readonly output: JsonSchema | null;
}

/** Why a model stopped. */
export type FinishReason = 'stop' | 'tool_calls' | 'length' | 'filtered' | 'other';

/** A model's whole answer. */
export interface ModelResponse {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The parsed, schema-checked output if one was asked for, else null. */
  readonly output: Json;
  readonly finishReason: FinishReason;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** `provider:name` that really answered. */
  readonly model: string;
}

/** How a call is followed and stopped. */
export interface ModelCallOptions {
  readonly signal: AbortSignal;
  /** Called with each piece of text, in order. */
  readonly onText: (text: string) => void;
}

/**
 * Chat models of all providers behind one call. Throws `AppError` with a `model.*` code; rate limits
 * carry `retryAfterMs`. Never retries by itself. An abort rejects with the signal's reason.
 */
export interface ChatModels {
  call(request: ModelRequest, options: ModelCallOptions): Promise<ModelResponse>;
}
