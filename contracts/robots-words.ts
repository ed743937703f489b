/** What a site asks of robots for one page. */
export interface RobotsWords {
  readonly noindex: boolean;
  readonly nofollow: boolean;
}

/** Reads lists of words, as `X-Robots-Tag` and robots metas of a page have them. */
export function readRobotsWords(lists: readonly string[]): RobotsWords {
  const words = new Set(
    lists.flatMap((list) => list.toLowerCase().split(',')).map((word) => word.trim()),
  );
  const none = words.has('none');
  return { noindex: none || words.has('noindex'), nofollow: none || words.has('nofollow') };
}
