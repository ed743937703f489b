import { ChatOpenAICompletions } from '@langchain/openai';
import type { FinishReason } from '../port.ts';
import { isStrict, type OutputPlan } from '../structured-output.ts';
import { textField, toDeltas } from './from-langchain.ts';
import type { OpenAnswer } from './opener.ts';
import { toFunctionTool, toMessages } from './to-langchain.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'filtered',
};

/** OpenAI, and every server that speaks its chat completions. */
export const openOpenAi: OpenAnswer = async ({ name, access, request, plan, signal }) => {
  const { temperature, maxOutputTokens } = request.model;
  const model = new ChatOpenAICompletions({
    model: name,
    apiKey: access.apiKey ?? 'none',
    // Given always: the library would otherwise look into its own environment variables.
    configuration: {
      baseURL: access.baseUrl ?? 'https://api.openai.com/v1',
      maxRetries: 0,
      logLevel: 'off',
    },
    maxRetries: 0,
    streaming: true,
    streamUsage: true,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
  });
  // `stream()` would fold all pieces anew after each one, and trace prompts to wherever LangChain's
  // environment variables point.
  const chunks = model._streamResponseChunks(toMessages(request), {
    signal,
    tools: request.tools.map((tool) => toFunctionTool(tool)),
    ...(plan === null ? {} : { response_format: responseFormat(plan) }),
  });
  return toDeltas(chunks, (chunk) => textField(chunk.generationInfo, 'finish_reason'), REASONS);
};

function responseFormat(plan: OutputPlan) {
  return {
    type: 'json_schema' as const,
    json_schema: { name: 'output', schema: { ...plan.schema }, strict: isStrict(plan.schema) },
  };
}
