import { createHash } from 'node:crypto';
import { canonicalJson } from '../../contracts/canonical-json.ts';
import type { Json } from '../../contracts/json.ts';

/** SHA-256 of the value's canonical JSON, as 64 hex digits. */
export function hashJson(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
