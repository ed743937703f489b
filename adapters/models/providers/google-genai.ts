import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import type { FinishReason } from '../port.ts';
import { ANSWER_TOOL } from '../structured-output.ts';
import { answerTool } from './answer-tool.ts';
import { toDeltas } from './from-langchain.ts';
import { toGeminiSchema } from './gemini-schema.ts';
import { tapGemini, withFinish } from './gemini-tap.ts';
import type { OpenAnswer } from './opener.ts';
import { toFunctionTool, toMessages } from './to-langchain.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'filtered',
  RECITATION: 'filtered',
  LANGUAGE: 'filtered',
  BLOCKLIST: 'filtered',
  PROHIBITED_CONTENT: 'filtered',
  SPII: 'filtered',
  BLOCKED: 'filtered',
};

/** Google Gemini. Structured output is a tool: its output format excludes other tools. */
export const openGoogleGenAi: OpenAnswer = async ({ name, access, request, plan, signal }) => {
  const { temperature, maxOutputTokens } = request.model;
  const model = new ChatGoogleGenerativeAI({
    model: name,
    apiKey: access.apiKey ?? '',
    baseUrl: access.baseUrl ?? 'https://generativelanguage.googleapis.com',
    maxRetries: 0,
    streaming: true,
    streamUsage: true,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  });
  const lastFinish = tapGemini(model);
  const tools = plan === null ? request.tools : [...request.tools, answerTool(plan)];
  const choice = request.tools.length === 0 ? ANSWER_TOOL : 'any';
  const chunks = model._streamResponseChunks(toMessages(request), {
    signal,
    tools: tools.map((tool) => toFunctionTool(tool, toGeminiSchema)),
    ...(plan === null ? {} : { tool_choice: choice }),
  });
  return withFinish(
    toDeltas(chunks, () => null, REASONS),
    () => {
      const finish = lastFinish();
      return finish === null ? null : (REASONS[finish] ?? 'other');
    },
  );
};
