/** Characters of one token in languages with an alphabet; others take about one token a character. */
const CHARS_PER_TOKEN = 4;
const WIDE = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/gu;

/** About how many tokens a text takes; rather too many than too few. */
export function estimateTokens(text: string): number {
  const wide = text.match(WIDE)?.length ?? 0;
  return wide + Math.ceil((text.length - wide) / CHARS_PER_TOKEN);
}

/** The first items whose texts fit a budget together; an item that does not fit is left out. */
export function withinTokens<T>(
  items: readonly T[],
  budget: number | undefined,
  textOf: (item: T) => string,
): { readonly kept: readonly T[]; readonly omitted: number; readonly tokens: number } {
  let tokens = 0;
  const kept = items.filter((item) => {
    const size = estimateTokens(textOf(item));
    if (budget !== undefined && tokens + size > budget) return false;
    tokens += size;
    return true;
  });
  return { kept, omitted: items.length - kept.length, tokens };
}
