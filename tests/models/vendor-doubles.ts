import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../contracts/json.ts';
import { sendEvents } from './http-double.ts';

/** What a double answers: text, or calls of these tools; without an end when it is cut. */
export interface DoubleAnswer {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: JsonObject }[];
  readonly cut?: boolean;
}

/** Answers as Anthropic's messages API does, with 9 tokens in and 5 out. */
export function answerAsAnthropic(response: ServerResponse, answer: DoubleAnswer): void {
  const texts = (answer.text ?? '').match(/\S+\s*/g) ?? [];
  const blocks = [
    ...(texts.length === 0 ? [] : anthropicText(texts)),
    ...(answer.calls ?? []).flatMap((call, position) => anthropicCall(call, position + 1)),
  ];
  const stop = (answer.calls ?? []).length > 0 ? 'tool_use' : 'end_turn';
  sendEvents(response, [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-fake',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 9, output_tokens: 0 },
      },
    },
    { type: 'ping' },
    ...blocks,
    ...(answer.cut === true
      ? []
      : [
          {
            type: 'message_delta',
            delta: { stop_reason: stop, stop_sequence: null },
            usage: { output_tokens: 5 },
          },
          { type: 'message_stop' },
        ]),
  ]);
  response.end();
}

function anthropicText(texts: readonly string[]): readonly object[] {
  return [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...texts.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
  ];
}

function anthropicCall(
  call: { readonly name: string; readonly arguments: JsonObject },
  index: number,
): readonly object[] {
  const text = JSON.stringify(call.arguments);
  const parts = ['', text.slice(0, 3), text.slice(3)];
  return [
    {
      type: 'content_block_start',
      index,
      content_block: { type: 'tool_use', id: `toolu_${index}`, name: call.name, input: {} },
    },
    ...parts.map((partial_json) => ({
      type: 'content_block_delta',
      index,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index },
  ];
}

/** Answers as Gemini's `streamGenerateContent` does, with 9 tokens in and 5 out. */
export function answerAsGemini(response: ServerResponse, answer: DoubleAnswer): void {
  const texts = (answer.text ?? '').match(/\S+\s*/g) ?? [];
  const calls = (answer.calls ?? []).map(({ name, arguments: args }) => ({
    functionCall: { name, args },
  }));
  const pieces = [
    ...texts.map((text) => geminiPiece([{ text }])),
    ...(calls.length === 0 ? [] : [geminiPiece(calls)]),
  ];
  sendEvents(response, pieces);
  if (answer.cut !== true) {
    const end = { candidates: [{ finishReason: 'STOP', index: 0 }], usageMetadata: GEMINI_USAGE };
    response.write(`data: ${JSON.stringify(end)}\r\n\r\n`);
  }
  response.end();
}

const GEMINI_USAGE = { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 };

function geminiPiece(parts: readonly object[]): object {
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0 }],
    usageMetadata: GEMINI_USAGE,
  };
}

/** Answers as Ollama's chat API does, with 9 tokens in and 5 out. */
export function answerAsOllama(response: ServerResponse, answer: DoubleAnswer): void {
  const texts = (answer.text ?? '').match(/\S+\s*/g) ?? [];
  const calls = (answer.calls ?? []).map(({ name, arguments: args }) => ({
    function: { name, arguments: args },
  }));
  const pieces = [
    ...texts.map((content) => ({ message: { role: 'assistant', content }, done: false })),
    ...calls.map((call) => ({
      message: { role: 'assistant', content: '', tool_calls: [call] },
      done: false,
    })),
    ...(answer.cut === true
      ? []
      : [
          {
            message: { role: 'assistant', content: '' },
            done: true,
            done_reason: 'stop',
            prompt_eval_count: 9,
            eval_count: 5,
          },
        ]),
  ];
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const piece of pieces) response.write(`${JSON.stringify({ model: 'fake', ...piece })}\n`);
  response.end();
}
