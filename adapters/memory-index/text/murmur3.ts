const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** MurmurHash3, 32 bits, of bytes from `start` to `end`, as an unsigned number. */
export function murmur3(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start;
  const wholeWords = start + (length & ~3);
  let hash = 0;
  for (let at = start; at < wholeWords; at += 4) {
    hash ^= scramble(wordAt(bytes, at, 4));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if ((length & 3) > 0) hash ^= scramble(wordAt(bytes, wholeWords, length & 3));
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function wordAt(bytes: Uint8Array, at: number, size: number): number {
  let word = 0;
  for (let index = size - 1; index >= 0; index -= 1) word = (word << 8) | (bytes[at + index] ?? 0);
  return word;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, C1);
  return Math.imul((mixed << 15) | (mixed >>> 17), C2);
}
