import type { Behaviour, ChatBody, FakeCall } from './openai-behaviour.ts';

type Answer = Extract<Behaviour, { kind: 'answer' }>;

/** A complete answer as the chunks of a stream, without `[DONE]`. */
export function answerChunks(answer: Answer, body: ChatBody): readonly object[] {
  const calls = (answer.calls ?? []).flatMap((call, index) => callDeltas(call, index));
  const chunks = [
    ...textChunks(answer.text ?? '', body),
    ...calls.map((toolCall) => chunk(body, { tool_calls: [toolCall] })),
    { ...chunk(body, {}), choices: [choice({}, finishOf(answer))] },
  ];
  const wantsUsage = body.stream_options?.include_usage === true && answer.usage !== false;
  return wantsUsage
    ? [...chunks, { ...chunk(body, {}), choices: [], usage: usageOf(answer, body) }]
    : chunks;
}

/** The first chunks of an answer, as far as its text goes. */
export function textChunks(text: string, body: ChatBody): readonly object[] {
  const words = text.match(/\S+\s*/g) ?? [];
  return [
    chunk(body, { role: 'assistant', content: '', refusal: null }),
    ...words.map((content) => chunk(body, { content })),
  ];
}

/** A complete answer in one document. */
export function answerDocument(answer: Answer, body: ChatBody): object {
  const calls = (answer.calls ?? []).map((call, index) => ({
    id: idOf(call, index),
    type: 'function',
    function: { name: call.name, arguments: argumentsText(call) },
  }));
  const message = {
    role: 'assistant',
    content: answer.text ?? null,
    refusal: null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...envelope(body),
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer) }],
    usage: usageOf(answer, body),
  };
}

/** The vendor opens a call with its name and sends the arguments in parts behind it. */
function callDeltas(call: FakeCall, index: number): readonly object[] {
  const text = argumentsText(call);
  const middle = Math.ceil(text.length / 2);
  const parts = [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '');
  return [
    {
      index,
      id: idOf(call, index),
      type: 'function',
      function: { name: call.name, arguments: '' },
    },
    ...parts.map((part) => ({ index, function: { arguments: part } })),
  ];
}

function idOf(call: FakeCall, index: number): string {
  return call.id ?? `call_fake_${index + 1}`;
}

function argumentsText(call: FakeCall): string {
  return typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
}

function chunk(body: ChatBody, delta: object): object {
  return { ...envelope(body), object: 'chat.completion.chunk', choices: [choice(delta, null)] };
}

function choice(delta: object, finishReason: string | null): object {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason };
}

function envelope(body: ChatBody): object {
  return {
    id: 'chatcmpl-fake',
    created: 1_700_000_000,
    model: body.model ?? 'fake',
    system_fingerprint: 'fp_fake',
    service_tier: 'default',
  };
}

function finishOf(answer: Answer): string {
  return answer.finishReason ?? ((answer.calls ?? []).length > 0 ? 'tool_calls' : 'stop');
}

function usageOf(answer: Answer, body: ChatBody): object {
  const prompt = JSON.stringify(body.messages).split(/\s+/).length;
  const written = [answer.text ?? '', ...(answer.calls ?? []).map(argumentsText)].join(' ');
  const completion = written.split(/\s+/).filter((word) => word !== '').length;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}
