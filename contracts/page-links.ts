import type { RobotsWords } from './robots-words.ts';

/** What an HTML page says of itself and where it leads. */
export interface PageLinks extends RobotsWords {
  /** What it calls itself; null if it does not. */
  readonly title: string | null;
  /** What its addresses are relative to; null: its own. */
  readonly base: string | null;
  /** Addresses of its links as they are written, without fragments; each once, `LIMITS.linksPerPage` at most. */
  readonly hrefs: readonly string[];
}
