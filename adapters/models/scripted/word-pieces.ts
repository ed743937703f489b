/** The text in pieces of a word and the space behind it; joined, they are the text again. */
export function wordPieces(text: string): readonly string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}

/** How many words the texts have. */
export function countWords(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
}
