import type { ParsedDocument, TextBlock } from '../../../contracts/parsed-document.ts';
import { textMark, wordsIn } from './measure.ts';
import { splitBlock } from './split-text.ts';

/** A part of a document that is never cut: pieces are made of whole ones. */
export interface ChunkUnit {
  readonly start: number;
  readonly end: number;
  readonly words: number;
  /** How natural it is to cut before it; see `Piece`. */
  readonly rank: number;
  readonly isHeading: boolean;
  readonly page: number | null;
  /** Headings above it, outermost first. */
  readonly headings: readonly string[];
  readonly mark: number;
}

const HEADING_CHARS = 200;

/** The parts of a document in their order, none of more than `maxWords`. */
export function toUnits(
  { text, blocks }: Pick<ParsedDocument, 'text' | 'blocks'>,
  maxWords: number,
): readonly ChunkUnit[] {
  const units: ChunkUnit[] = [];
  const path: { readonly level: number; readonly title: string }[] = [];
  for (const block of blocks) {
    const level = block.level ?? 0;
    const isHeading = block.kind === 'heading';
    if (isHeading) while (path.length > 0 && (path.at(-1)?.level ?? 0) >= level) path.pop();
    const headings = path.map(({ title }) => title);
    for (const { start, end, rank } of splitBlock(text, block, maxWords)) {
      const part = text.slice(start, end);
      units.push({
        ...{ start, end, page: block.page, headings },
        isHeading: isHeading && rank === 2,
        words: wordsIn(part),
        rank,
        mark: textMark(part),
      });
    }
    if (isHeading) path.push({ level, title: titleOf(block, text) });
  }
  return units;
}

function titleOf({ title, start, end }: TextBlock, text: string): string {
  const whole = title ?? text.slice(start, end);
  return whole.length <= HEADING_CHARS ? whole : whole.slice(0, HEADING_CHARS).toWellFormed();
}
