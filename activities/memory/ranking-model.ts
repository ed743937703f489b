import { AppError } from '../../contracts/app-error.ts';
import type { Ask } from '../../adapters/rerankers/listwise/listwise.ts';
import type { AskModel } from './ask-model.ts';

/** Somebody waits for the answer. */
const TIMEOUT_MS = 10_000;

/** Questions of a reranker within the allowance of who asks. Throws `model.*`. */
export function createRankingModel(ask: AskModel): Ask {
  return async ({ prompt, schema, workspaceId, signal }) => {
    const answer = await ask({
      workspaceId: workspaceId ?? '',
      instructions: 'You put what a search has found into order. You answer with an order only.',
      prompt,
      output: schema,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (answer !== null) return answer;
    throw new AppError('model.rate_limited', 'the calls of models for this hour are used up');
  };
}
