import { ChatAnthropic } from '@langchain/anthropic';
import type { FinishReason } from '../port.ts';
import { ANSWER_TOOL } from '../structured-output.ts';
import { answerTool } from './answer-tool.ts';
import { textField, toDeltas } from './from-langchain.ts';
import type { OpenAnswer } from './opener.ts';
import { toFunctionTool, toMessages, withoutTopCompositions } from './to-langchain.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'filtered',
};

/** Anthropic. Structured output is a tool that the model must call: all its models know tools. */
export const openAnthropic: OpenAnswer = async ({ name, access, request, plan, signal }) => {
  const { temperature, maxOutputTokens } = request.model;
  const model = new ChatAnthropic({
    model: name,
    apiKey: access.apiKey ?? '',
    anthropicApiUrl: access.baseUrl ?? 'https://api.anthropic.com',
    clientOptions: { maxRetries: 0, logLevel: 'off' },
    maxRetries: 0,
    streaming: true,
    streamUsage: true,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
  });
  const tools = plan === null ? request.tools : [...request.tools, answerTool(plan)];
  const choice = request.tools.length === 0 ? ANSWER_TOOL : 'any';
  const chunks = model._streamResponseChunks(toMessages(request), {
    signal,
    ...(tools.length === 0
      ? {}
      : { tools: tools.map((tool) => toFunctionTool(tool, withoutTopCompositions)) }),
    ...(plan === null ? {} : { tool_choice: choice }),
  });
  return toDeltas(
    chunks,
    (chunk) => textField(chunk.message.additional_kwargs, 'stop_reason'),
    REASONS,
  );
};
