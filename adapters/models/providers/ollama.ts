import { ChatOllama } from '@langchain/ollama';
import type { FinishReason } from '../port.ts';
import { outputInstructions } from '../structured-output.ts';
import { textField, toDeltas } from './from-langchain.ts';
import type { OpenAnswer } from './opener.ts';
import { toFunctionTool, toMessages } from './to-langchain.ts';

const REASONS: Readonly<Record<string, FinishReason>> = { stop: 'stop', length: 'length' };

/** Ollama. Its output format keeps a model from calling tools; beside them the output is asked for. */
export const openOllama: OpenAnswer = async ({ name, access, request, plan, signal }) => {
  const { temperature, maxOutputTokens } = request.model;
  const model = new ChatOllama({
    model: name,
    baseUrl: access.baseUrl ?? 'http://127.0.0.1:11434',
    fetch: closedBy(signal),
    maxRetries: 0,
    streaming: true,
    ...(access.apiKey === undefined ? {} : { headers: bearer(access.apiKey) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { numPredict: maxOutputTokens }),
  });
  const hasTools = request.tools.length > 0;
  const extra = plan !== null && hasTools ? outputInstructions(plan) : '';
  const chunks = model._streamResponseChunks(toMessages(request, extra), {
    signal,
    tools: request.tools.map((tool) => toFunctionTool(tool)),
    ...(plan === null || hasTools ? {} : { format: { ...plan.schema } }),
  });
  return toDeltas(
    chunks,
    (chunk) => textField(chunk.message.response_metadata, 'done_reason'),
    REASONS,
  );
};

/** The library passes no signal on, and notices an abort only with the next piece. */
function closedBy(signal: AbortSignal): typeof fetch {
  return async (input, init) => {
    const own = init?.signal ?? null;
    return fetch(input, {
      ...init,
      signal: own === null ? signal : AbortSignal.any([own, signal]),
    });
  };
}

function bearer(apiKey: string): Record<string, string> {
  return { Authorization: `Bearer ${apiKey}` };
}
