import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages';
import type { ChatGenerationChunk } from '@langchain/core/outputs';
import type { ModelDelta, ToolCallDelta, TokenUsage } from '../delta.ts';
import type { FinishReason } from '../port.ts';

/** Where a vendor's pieces say why the answer ended; null for a piece that does not end it. */
export type ReadFinish = (chunk: ChatGenerationChunk) => string | null;

/** Pieces of LangChain's as ours. */
export async function* toDeltas(
  chunks: AsyncIterable<ChatGenerationChunk>,
  readFinish: ReadFinish,
  reasons: Readonly<Record<string, FinishReason>>,
): AsyncGenerator<ModelDelta> {
  for await (const chunk of chunks) {
    const finish = readFinish(chunk);
    yield {
      text: textOf(chunk.message),
      toolCalls: toolCallsOf(chunk.message),
      finishReason: finish === null ? null : (reasons[finish] ?? 'other'),
      usage: usageOf(chunk.message),
    };
  }
}

/** The field as text; null when it is anything else. */
export function textField(fields: unknown, name: string): string | null {
  if (typeof fields !== 'object' || fields === null) return null;
  const value: unknown = Reflect.get(fields, name);
  return typeof value === 'string' && value !== '' ? value : null;
}

function textOf(message: BaseMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content
    .map((block) => (block.type === 'text' ? (textField(block, 'text') ?? '') : ''))
    .join('');
}

function isChunk(message: BaseMessage): message is AIMessageChunk {
  return 'tool_call_chunks' in message;
}

function toolCallsOf(message: BaseMessage): readonly ToolCallDelta[] {
  if (!isChunk(message)) return [];
  return (message.tool_call_chunks ?? []).map((call) => ({
    index: call.index ?? null,
    id: call.id ?? null,
    name: call.name ?? null,
    argumentsText: call.args ?? '',
  }));
}

function usageOf(message: BaseMessage): TokenUsage | null {
  const usage: unknown = Reflect.get(message, 'usage_metadata');
  return isUsage(usage)
    ? { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens }
    : null;
}

interface LangChainUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
}

function isUsage(usage: unknown): usage is LangChainUsage {
  if (typeof usage !== 'object' || usage === null) return false;
  if (!('input_tokens' in usage) || !('output_tokens' in usage)) return false;
  return Number.isFinite(usage.input_tokens) && Number.isFinite(usage.output_tokens);
}
