const WORD = /[\p{L}\p{N}]+/gu;
const WORD_CHARS = 64;
const NAME_WORDS = 16;

/** How the names of entities are compared. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll('\0', '').replaceAll(/\s+/gu, ' ').trim();
}

/** The words by which an entity of that name is found, each once. */
export function wordsOf(name: string): readonly string[] {
  const words = nameKey(name).match(WORD) ?? [];
  return [...new Set(words.map((word) => word.slice(0, WORD_CHARS)))].slice(0, NAME_WORDS);
}
