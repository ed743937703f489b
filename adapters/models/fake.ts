import { wordPieces } from './scripted/word-pieces.ts';
import type { ChatModels, ModelRequest, ModelResponse } from './port.ts';

/** What the fake plays for one call: an answer, of which only the unusual must be stated, or a failure. */
export type FakeTurn = Partial<ModelResponse> | Error | 'hang';

/** Chat models that play a list, for tests. */
export interface FakeChatModels extends ChatModels {
  /** Every request so far, in order. */
  readonly requests: readonly ModelRequest[];
}

/** A fake that plays these turns in order and fails when they run out; `hang` waits for the abort. */
export function createFakeChatModels(turns: readonly FakeTurn[]): FakeChatModels {
  const requests: ModelRequest[] = [];
  return {
    requests,
    call: async (request, { signal, onText }) => {
      signal.throwIfAborted();
      const turn = turns[requests.length];
      requests.push(request);
      if (turn === undefined) {
        throw new Error(`the fake model has ${turns.length} turns and was called once more`);
      }
      if (turn instanceof Error) throw turn;
      if (turn === 'hang') return untilAborted(signal);
      const response = complete(turn);
      for (const piece of wordPieces(response.text)) onText(piece);
      return response;
    },
  };
}

function complete(turn: Partial<ModelResponse>): ModelResponse {
  const toolCalls = turn.toolCalls ?? [];
  return {
    text: '',
    output: null,
    finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 1, outputTokens: 1 },
    model: 'fake:model',
    ...turn,
    toolCalls,
  };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  return aborted.promise;
}
