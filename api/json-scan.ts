import { AppError } from '../contracts/app-error.ts';
import { LIMITS } from '../contracts/limits.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const ZERO = 0x30;
const NINE = 0x39;
/** Doubles overflow at 309 digits. */
const SAFE_DIGITS = 300;

const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const EXPONENT = new Set([0x65, 0x45]);

/**
 * Looks at JSON text before it is parsed: refuses deep nesting, which would cost the parser its
 * stack, and tells whether the text holds anything that `JSON.parse` accepts but we may not:
 * `\u` escapes and numbers that may overflow.
 */
export function scanJson(bytes: Uint8Array): { readonly suspicious: boolean } {
  let depth = 0;
  let digits = 0;
  let inString = false;
  let suspicious = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === QUOTE) inString = false;
      else if (byte === BACKSLASH) {
        index += 1;
        if (bytes[index] === LOWER_U) suspicious = true;
      }
      continue;
    }
    if (byte >= ZERO && byte <= NINE) {
      digits += 1;
      if (digits > SAFE_DIGITS) suspicious = true;
      continue;
    }
    if (digits > 0 && EXPONENT.has(byte)) suspicious = true;
    digits = 0;
    if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) {
      depth += 1;
      if (depth > LIMITS.jsonDepth) throw tooDeep();
    } else if (CLOSING.has(byte)) depth -= 1;
  }
  return { suspicious };
}

function tooDeep(): AppError {
  return new AppError(
    'request.too_deep',
    `the body nests deeper than ${LIMITS.jsonDepth} levels; flatten it`,
  );
}
