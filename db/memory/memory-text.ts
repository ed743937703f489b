import { AppError } from '../../contracts/app-error.ts';
import { createHash } from 'node:crypto';
import { LIMITS } from '../../contracts/limits.ts';

/** The text as it is kept. Throws `memory.invalid` for one that is empty or too long. */
export function memoryText(text: string): string {
  const kept = text.replaceAll('\0', '\uFFFD').trim();
  if (kept === '') throw new AppError('memory.invalid', 'a memory needs a text');
  if (Buffer.byteLength(kept) > LIMITS.memoryBytes) {
    throw new AppError('memory.invalid', `a memory has more than ${LIMITS.memoryBytes} bytes`);
  }
  return kept;
}

/** Equal for texts that differ only in case, in blanks or in how characters are composed. */
export function textHash(text: string): string {
  const compared = text.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim();
  return createHash('sha256').update(compared).digest('hex');
}
