import type { Json } from '../../../contracts/json.ts';

/** A vector of so many numbers: a list of them, or base64 of little-endian f32. Null: it is none. */
export function readVector(value: Json, dim: number): Float32Array | null {
  const vector = typeof value === 'string' ? fromBase64(value) : fromNumbers(value);
  return vector?.length === dim && vector.every(Number.isFinite) ? vector : null;
}

/** How many numbers the service gave, for a message. */
export function lengthOf(value: Json): number | null {
  if (typeof value === 'string') return Math.floor(Buffer.from(value, 'base64').length / 4);
  return Array.isArray(value) ? value.length : null;
}

/** What is too large for 32 bits becomes infinite here, and is refused then. */
function fromNumbers(value: Json): Float32Array | null {
  if (!Array.isArray(value)) return null;
  const numbers = value as readonly Json[];
  return numbers.every((number) => typeof number === 'number') ? Float32Array.from(numbers) : null;
}

function fromBase64(text: string): Float32Array | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) =>
    view.getFloat32(index * 4, true),
  );
}
