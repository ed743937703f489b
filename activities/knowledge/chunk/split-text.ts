import type { BlockKind } from '../../../contracts/parsed-document.ts';
import { wordsIn } from './measure.ts';

/** A part of a text by its place. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A part, and how natural it is to cut before it: 2 a block, 1 a line or sentence, 0 a word. */
export interface Piece extends Span {
  readonly rank: 0 | 1 | 2;
}

/** Behind these a sentence ends; scripts without spaces have none behind them either. */
const SENTENCE_END = /[.!?…]+["'”’)\]]*\s+|[。！？]+["'”’)\]]*\s*|\n+/g;
const LINE_END = /\n+/g;
const WORD_END = /\s+/g;
const HANDFUL = 16;
const HANDFUL_CHARS = 160;

/** The parts of a block that have at most `maxWords` each: the whole block if it fits. */
export function splitBlock(
  text: string,
  block: Span & { readonly kind: BlockKind },
  maxWords: number,
): readonly Piece[] {
  const fits = ({ start, end }: Span): boolean => wordsIn(text.slice(start, end)) <= maxWords;
  if (fits(block)) return [{ start: block.start, end: block.end, rank: 2 }];
  const parts = splitAt(text, block, block.kind === 'paragraph' ? SENTENCE_END : LINE_END);
  const pieces = parts.flatMap((part): readonly Piece[] => {
    if (fits(part)) return [{ ...part, rank: 1 }];
    const sentences = block.kind === 'paragraph' ? [part] : splitAt(text, part, SENTENCE_END);
    return sentences.flatMap((sentence) =>
      fits(sentence) ? [{ ...sentence, rank: 1 }] : splitWords(text, sentence, maxWords),
    );
  });
  return pieces.map((piece, index) => (index === 0 ? { ...piece, rank: 2 } : piece));
}

/** A part without ends of sentences: as many words together as half of what fits, long words cut. */
function splitWords(text: string, span: Span, maxWords: number): readonly Piece[] {
  const words = splitAt(text, span, WORD_END).flatMap((word) => cutEvery(text, word, maxWords * 2));
  const pieces: Piece[] = [];
  let open: Span | null = null;
  // By handfuls: measuring again for each word would take the square of their number.
  for (const few of handfuls(words)) {
    const together: Span = { start: open?.start ?? few.start, end: few.end };
    if (open === null || wordsIn(text.slice(together.start, together.end)) <= maxWords / 2) {
      open = together;
      continue;
    }
    pieces.push({ ...open, rank: 0 });
    open = few;
  }
  if (open !== null) pieces.push({ ...open, rank: 0 });
  return pieces;
}

/** Words that follow each other, so many that they are short all together. */
function handfuls(words: readonly Span[]): readonly Span[] {
  const few: Span[] = [];
  for (const [index, word] of words.entries()) {
    const last = few.at(-1);
    const joins =
      last !== undefined && index % HANDFUL !== 0 && word.end - last.start <= HANDFUL_CHARS;
    if (joins) few[few.length - 1] = { start: last.start, end: word.end };
    else few.push(word);
  }
  return few;
}

/** The parts between matches, without white space at their ends; matches belong to what is before. */
function splitAt(text: string, { start, end }: Span, pattern: RegExp): readonly Span[] {
  const parts: Span[] = [];
  let from = start;
  for (const match of text.slice(start, end).matchAll(pattern)) {
    const to = start + match.index + match[0].length;
    push(parts, trimmed(text, { start: from, end: to }));
    from = to;
  }
  push(parts, trimmed(text, { start: from, end }));
  return parts;
}

function push(parts: Span[], span: Span): void {
  if (span.end > span.start) parts.push(span);
}

function trimmed(text: string, { start, end }: Span): Span {
  const part = text.slice(start, end);
  const stop = start + part.trimEnd().length;
  return { start: Math.min(stop, end - part.trimStart().length), end: stop };
}

/** Pieces of so many characters; both halves of a character stay together. */
function cutEvery(text: string, { start, end }: Span, maxChars: number): readonly Span[] {
  const pieces: Span[] = [];
  for (let from = start; from < end;) {
    let to = Math.min(end, from + maxChars);
    if (to < end && isLowSurrogate(text.charCodeAt(to))) to -= 1;
    pieces.push({ start: from, end: to });
    from = to;
  }
  return pieces;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
