const NUL = 0;
/** As far as it is usual to look. */
const LOOKED_AT = 8_192;

/** The bytes as text; null if they are none. */
export function toText(bytes: Uint8Array): string | null {
  if (bytes.subarray(0, LOOKED_AT).includes(NUL)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
