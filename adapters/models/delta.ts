import type { FinishReason } from './port.ts';

/** Part of a tool call as it streams in. */
export interface ToolCallDelta {
  /** Place of the call among parallel ones, where the vendor tells. */
  readonly index: number | null;
  readonly id: string | null;
  readonly name: string | null;
  readonly argumentsText: string;
}

/** Tokens that a call used. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A piece of an answer, the same for all vendors. */
export interface ModelDelta {
  readonly text: string;
  readonly toolCalls: readonly ToolCallDelta[];
  /** Set on the piece that ends the answer; an answer without it was cut. */
  readonly finishReason: FinishReason | null;
  /** To be added up over all pieces. */
  readonly usage: TokenUsage | null;
}
