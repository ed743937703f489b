import type { ModelDelta } from '../delta.ts';
import type { FinishReason } from '../port.ts';
import { textField } from './from-langchain.ts';

type Generate = (request: unknown, options: unknown) => Promise<GenerateResult>;

interface GenerateResult {
  readonly stream: AsyncIterable<unknown>;
  readonly response: Promise<unknown>;
}

/**
 * Reads along with Gemini's client, and returns how to ask why the answer ended. LangChain swallows
 * every piece without content, among them the one that says that a prompt was blocked.
 */
export function tapGemini(model: object): () => string | null {
  let finish: string | null = null;
  const client: unknown = Reflect.get(model, 'client');
  if (!isClient(client)) throw new Error('the Gemini model has no client of the expected shape');
  const generate = client.generateContentStream.bind(client);
  client.generateContentStream = async (request, options) => {
    const result = await generate(mergeToolAnswers(request), options);
    // Nobody waits for it: a cut stream would end the process as an unhandled rejection.
    result.response.catch(() => undefined);
    return { ...result, stream: watch(result.stream, (reason) => (finish = reason)) };
  };
  return () => finish;
}

/** The pieces, and behind the last one a piece with the reason of the end if there was one. */
export async function* withFinish(
  deltas: AsyncIterable<ModelDelta>,
  reason: () => FinishReason | null,
): AsyncGenerator<ModelDelta> {
  yield* deltas;
  const finishReason = reason();
  if (finishReason !== null) yield { text: '', toolCalls: [], finishReason, usage: null };
}

function isClient(client: unknown): client is { generateContentStream: Generate } {
  return (
    typeof client === 'object' &&
    client !== null &&
    'generateContentStream' in client &&
    typeof client.generateContentStream === 'function'
  );
}

async function* watch(
  stream: AsyncIterable<unknown>,
  onFinish: (reason: string) => void,
): AsyncGenerator {
  for await (const piece of stream) {
    const reason = finishOf(piece);
    if (reason !== null) onFinish(reason);
    yield piece;
  }
}

function finishOf(piece: unknown): string | null {
  if (typeof piece !== 'object' || piece === null) return null;
  if ('promptFeedback' in piece && textField(piece.promptFeedback, 'blockReason') !== null) {
    return 'BLOCKED';
  }
  if (!('candidates' in piece) || !Array.isArray(piece.candidates)) return null;
  return textField(piece.candidates[0], 'finishReason');
}

interface Content {
  readonly role: string;
  readonly parts: readonly object[];
}

/** Gemini wants the answers to parallel calls in one turn; LangChain writes a turn for each. */
function mergeToolAnswers(request: unknown): unknown {
  if (typeof request !== 'object' || request === null || !('contents' in request)) return request;
  const { contents } = request;
  if (!Array.isArray(contents) || !contents.every(isContent)) return request;
  const merged = contents.reduce<readonly Content[]>((turns, turn) => {
    const last = turns.at(-1);
    if (last === undefined || !isToolAnswer(last) || !isToolAnswer(turn)) return [...turns, turn];
    return [...turns.slice(0, -1), { ...last, parts: [...last.parts, ...turn.parts] }];
  }, []);
  return { ...request, contents: merged };
}

function isContent(value: unknown): value is Content {
  return (
    typeof value === 'object' && value !== null && 'parts' in value && Array.isArray(value.parts)
  );
}

function isToolAnswer(content: Content): boolean {
  return content.parts.length > 0 && content.parts.every((part) => 'functionResponse' in part);
}
