import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';

/** Throws `memory.invalid` for more than one call may take. */
export function checkBatch(size: number): void {
  if (size <= LIMITS.memoryBatch) return;
  throw new AppError('memory.invalid', `more than ${LIMITS.memoryBatch} at once`);
}
