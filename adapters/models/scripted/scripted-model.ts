import { AppError } from '../../../contracts/app-error.ts';
import type { Json } from '../../../contracts/json.ts';
import type { ModelDeps } from '../config.ts';
import type { ChatModels, ModelCallOptions, ModelRequest, ModelResponse } from '../port.ts';
import { checkOutput, parseJsonText } from '../structured-output.ts';
import { playTurn, type PlayedTurn } from './play-turn.ts';
import { scriptScope } from './script-scope.ts';
import { countWords, wordPieces } from './word-pieces.ts';

/** A model without a network: plays the agent's script, the same way every time. */
export function createScriptedModel(deps: ModelDeps, wordDelayMs: number): ChatModels {
  return {
    call: async (request, options) => {
      options.signal.throwIfAborted();
      const { script } = request.model;
      const played =
        script === undefined ? echo(request) : playTurn(script, scriptScope(request), deps);
      const output = outputOf(request, played, deps);
      await say(played.text, options, wordDelayMs);
      return respond(request, played, output);
    },
  };
}

function respond(request: ModelRequest, played: PlayedTurn, output: Json): ModelResponse {
  const { text, toolCalls } = played;
  const read = [request.instructions, ...request.messages.map(({ content }) => content)];
  const written = [text, ...toolCalls.map((call) => JSON.stringify(call.arguments))];
  return {
    text,
    toolCalls,
    output,
    finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: countWords(read), outputTokens: countWords(written) },
    model: request.model.script === undefined ? 'scripted:echo' : 'scripted:script',
  };
}

function outputOf(request: ModelRequest, played: PlayedTurn, deps: ModelDeps): Json {
  if (request.output === null || played.toolCalls.length > 0) return null;
  const value = played.output === undefined ? parseJsonText(played.text) : played.output;
  return checkOutput(request.output, value, deps);
}

function echo(request: ModelRequest): PlayedTurn {
  if (request.output !== null) {
    throw new AppError(
      'model.not_configured',
      'no model is configured, and an output schema needs one: set OPENAI_API_KEY and HOLDFAST_MODEL=openai:name, or give the model a script',
    );
  }
  const asked = request.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const about = asked === '' ? 'Nothing was asked.' : `You asked: ${asked}`;
  return {
    text: `No model is configured, so this answer is an offline echo. ${about}`,
    toolCalls: [],
    output: undefined,
  };
}

async function say(text: string, options: ModelCallOptions, wordDelayMs: number): Promise<void> {
  for (const piece of wordPieces(text)) {
    options.signal.throwIfAborted();
    options.onText(piece);
    if (wordDelayMs > 0) await pause(wordDelayMs, options.signal);
  }
  options.signal.throwIfAborted();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const elapsed = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => elapsed.resolve(undefined), ms);
  const onAbort = (): void => elapsed.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await elapsed.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
