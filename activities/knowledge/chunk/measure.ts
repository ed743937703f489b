/** A word of most languages has about as many characters, with the space behind it. */
const CHARS_PER_WORD = 7;
/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}]/gu;
const UNSPACED_PER_WORD = 2;

/** How much there is to read, in words; long strings without spaces count by their length. */
export function wordsIn(text: string): number {
  let words = 0;
  let inWord = false;
  let plain = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const space = code === 32 || (code >= 9 && code <= 13) || code === 160;
    if (!space && !inWord) words += 1;
    inWord = !space;
    plain &&= code < 0x0e00;
  }
  const byLength = Math.ceil(text.length / CHARS_PER_WORD);
  if (plain) return Math.max(words, byLength);
  const unspaced = text.match(UNSPACED)?.length ?? 0;
  return Math.max(words, byLength, Math.ceil(unspaced / UNSPACED_PER_WORD));
}

/** A number that depends on the text alone: where pieces begin is told by what they say. */
export function textMark(text: string): number {
  let mark = 0x811c9dc5;
  const length = Math.min(text.length, 400);
  for (let at = 0; at < length; at += 1) {
    mark = Math.imul(mark ^ text.charCodeAt(at), 0x01000193);
  }
  return mark >>> 0;
}
