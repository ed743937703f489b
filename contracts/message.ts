import type { Json, JsonObject } from './json.ts';
import type { Value } from './blob.ts';

/** A model's request to call a tool. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject;
  /** Set when the model's text was not JSON; the call is answered with an error, never executed. */
  readonly malformed?: string;
}

/** One entry of a conversation. */
export type Message =
  | { readonly role: 'user'; readonly content: Value }
  | {
      readonly role: 'assistant';
      readonly content: Value;
      readonly toolCalls?: readonly ToolCall[];
    }
  | {
      readonly role: 'tool';
      readonly toolCallId: string;
      readonly name: string;
      readonly content: Value;
      readonly isError?: boolean;
    };

/** Content of a message as text: strings as they are, other JSON printed. */
export function contentText(content: Json): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}
