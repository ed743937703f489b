/** Options of every call. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** Options of a call that makes something. */
export interface CreateOptions extends RequestOptions {
  /** Names the request: repeating it with the same key and body makes nothing new. */
  readonly idempotencyKey?: string;
}

/** One path segment, escaped. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/**
 * The header that makes a POST safe to repeat. The key is made once per call and reused by all of
 * its attempts. `randomUUID` is missing on plain-http pages, `getRandomValues` is not.
 */
export function idempotencyHeader(options: CreateOptions): Readonly<Record<string, string>> {
  return { 'idempotency-key': options.idempotencyKey ?? randomKey() };
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
