import { AppError } from '../../../contracts/app-error.ts';
import { checkFilter } from '../filter/select-slots.ts';
import type { IndexQuery } from '../port.ts';

const MAX_LIMIT = 1_000;

/** Refuses a search that cannot be meant. */
export function checkQuery({ text, vector, filter, limit, fusion }: IndexQuery): void {
  if (text === null && vector === null) refuse('a search needs a text or a vector');
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    refuse(`a search gives 1 to ${MAX_LIMIT} hits`);
  }
  if (fusion.kind === 'rrf' && !(fusion.k >= 1)) refuse('k of a fusion is 1 at least');
  if (filter !== null) checkFilter(filter);
}

function refuse(why: string): never {
  throw new AppError('memory.invalid', why);
}
