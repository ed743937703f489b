import { AppError } from '../contracts/app-error.ts';

/** Throws `idempotency.key_reused` when a key comes with another request than before. */
export function requireSameRequest(before: string | null, now: string | undefined): void {
  if (before === now) return;
  const message = 'the idempotency key was used for another request; use a new one';
  throw new AppError('idempotency.key_reused', message);
}
