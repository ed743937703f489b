import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../contracts/app-error.ts';
import type { ApiKeyStore } from '../db/stores/api-key-store.ts';
import type { Principal } from '../contracts/records.ts';

const MAX_CACHED = 10_000;
const MAX_KEY_CHARS = 200;
const KEY_TEXT = /^[\x21-\x7e]+$/;
const BEARER = /^Bearer +(\S+) *$/i;

/** Who is behind a request, by the key it bears. */
export interface Authenticator {
  /** Throws `auth.missing` and `auth.invalid`. */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>;
  /** Whether the key of the request is good now, whatever was known before. */
  isStillValid(headers: IncomingHttpHeaders): Promise<boolean>;
}

interface Entry {
  readonly principal: Principal;
  readonly validUntil: number;
}

/**
 * Checks keys against the store and trusts a good one for `cacheMs`, because every request pays for
 * the check: a key revoked by another process works on for that long. Bad keys are never remembered.
 */
export function createAuthenticator(keys: ApiKeyStore, cacheMs: number): Authenticator {
  const cache = new Map<string, Entry>();
  const find = async (text: string): Promise<Principal | null> => {
    const principal = await keys.find(text);
    if (principal === null) cache.delete(text);
    else remember(cache, text, { principal, validUntil: Date.now() + cacheMs });
    return principal;
  };
  return {
    async authenticate(headers) {
      const text = keyOf(headers);
      if (text === null) {
        throw new AppError('auth.missing', 'send an API key: Authorization: Bearer, or x-api-key');
      }
      const cached = cache.get(text);
      if (cached !== undefined && cached.validUntil > Date.now()) return cached.principal;
      const principal = isKeyText(text) ? await find(text) : null;
      if (principal === null) throw new AppError('auth.invalid', 'the API key is not valid');
      return principal;
    },
    async isStillValid(headers) {
      const text = keyOf(headers);
      return text !== null && (await find(text)) !== null;
    },
  };
}

function remember(cache: Map<string, Entry>, text: string, entry: Entry): void {
  cache.delete(text);
  cache.set(text, entry);
  if (cache.size <= MAX_CACHED) return;
  const [oldest] = cache.keys();
  if (oldest !== undefined) cache.delete(oldest);
}

function keyOf(headers: IncomingHttpHeaders): string | null {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  const { authorization } = headers;
  if (authorization === undefined) return null;
  return BEARER.exec(authorization)?.[1] ?? '';
}

function isKeyText(text: string): boolean {
  return text.length <= MAX_KEY_CHARS && KEY_TEXT.test(text);
}
