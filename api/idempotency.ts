import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { invalidRequest } from './parse.ts';
import { LIMITS } from '../contracts/limits.ts';
import type { CreateRun } from '../db/stores/run-store.ts';
import type { Json } from '../contracts/json.ts';

const KEY = /^[\x21-\x7e]+$/;

/** The request's `Idempotency-Key`, with a hash of all that must be equal when it is repeated. */
export function idempotencyOf(
  request: IncomingMessage,
  content: Json,
): Pick<CreateRun, 'idempotency'> {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return {};
  const requestHash = createHash('sha256').update(canonicalJson(content)).digest('hex');
  return { idempotency: { key, requestHash } };
}

/** The request's `Idempotency-Key`, for what is repeatable by the key alone. */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key) || key.length > LIMITS.idempotencyKeyChars) {
    const message = `must be 1 to ${LIMITS.idempotencyKeyChars} printable ASCII characters`;
    throw invalidRequest([
      { pointer: '/headers/idempotency-key', code: 'request.invalid_value', message },
    ]);
  }
  return key;
}
