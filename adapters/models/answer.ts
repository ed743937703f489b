import { AppError } from '../../contracts/app-error.ts';
import type { Json } from '../../contracts/json.ts';
import type { ModelDeps } from './config.ts';
import type { ModelDelta, TokenUsage } from './delta.ts';
import type { FinishReason, ModelRequest, ModelResponse } from './port.ts';
import { ANSWER_TOOL, parseOutput, type OutputPlan } from './structured-output.ts';
import { createToolCallAssembler, parseToolCalls } from './tool-calls.ts';

/** Collects the pieces of one answer. */
export interface AnswerBuilder {
  add(delta: ModelDelta): void;
  /** The whole answer. Throws `model.stream_cut` when its end never came. */
  finish(): ModelResponse;
}

/** What an answer is built for. */
export interface AnswerContext {
  readonly request: ModelRequest;
  readonly plan: OutputPlan | null;
  /** `provider:name`. */
  readonly model: string;
  readonly onText: (text: string) => void;
  readonly deps: ModelDeps;
}

/** A builder for one answer; text is passed on as it comes. */
export function createAnswerBuilder(context: AnswerContext): AnswerBuilder {
  const texts: string[] = [];
  const tools = createToolCallAssembler();
  let finishReason: FinishReason | null = null;
  let usage: TokenUsage | null = null;
  const addText = (text: string): void => {
    if (text === '') return;
    texts.push(text);
    context.onText(text);
  };
  return {
    add: (delta) => {
      addText(delta.text);
      for (const call of delta.toolCalls) tools.add(call);
      finishReason = delta.finishReason ?? finishReason;
      usage = sum(usage, delta.usage);
    },
    finish: () => {
      if (finishReason === null) {
        const message = `the answer of ${context.model} broke off before its end`;
        throw new AppError('model.stream_cut', message);
      }
      const { request, plan } = context;
      const assembled = tools.calls();
      const answer = plan === null ? undefined : assembled.find(isAnswer);
      const turn = 1 + request.messages.filter(({ role }) => role === 'assistant').length;
      const others = plan === null ? assembled : assembled.filter((call) => !isAnswer(call));
      const toolCalls = parseToolCalls(others, turn);
      if (answer !== undefined && toolCalls.length === 0) addText(answer.argumentsText);
      const text = texts.join('');
      const reason = settledReason(finishReason, toolCalls.length);
      const output =
        plan === null || toolCalls.length > 0
          ? null
          : structured(plan, { text: answer?.argumentsText ?? text, reason }, context);
      const used = usage ?? estimate(request, text);
      return { text, toolCalls, output, finishReason: reason, usage: used, model: context.model };
    },
  };
}

function isAnswer(call: { readonly name: string }): boolean {
  return call.name === ANSWER_TOOL;
}

/** Vendors disagree on what ends an answer with tool calls; the calls themselves decide. */
function settledReason(reason: FinishReason, toolCalls: number): FinishReason {
  if (toolCalls > 0 && reason === 'stop') return 'tool_calls';
  return toolCalls === 0 && reason === 'tool_calls' ? 'stop' : reason;
}

function structured(
  plan: OutputPlan,
  answer: { readonly text: string; readonly reason: FinishReason },
  context: AnswerContext,
): Json {
  if (answer.reason === 'filtered') {
    throw new AppError('model.invalid_output', `${context.model} refused to answer`);
  }
  if (answer.reason === 'length') {
    throw new AppError(
      'model.invalid_output',
      `the output of ${context.model} reached its limit: raise maxOutputTokens`,
    );
  }
  return parseOutput(plan, answer.text, context.deps);
}

function sum(left: TokenUsage | null, right: TokenUsage | null): TokenUsage | null {
  if (left === null || right === null) return left ?? right;
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
  };
}

const CHARS_PER_TOKEN = 4;

/** A server that reports no usage must not make a run free: its budget counts an estimate. */
function estimate(request: ModelRequest, text: string): TokenUsage {
  const asked = request.messages.reduce(
    (chars, { content }) => chars + content.length,
    request.instructions.length,
  );
  return {
    inputTokens: Math.ceil(asked / CHARS_PER_TOKEN),
    outputTokens: Math.ceil(text.length / CHARS_PER_TOKEN),
  };
}
