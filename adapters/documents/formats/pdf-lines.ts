/** A piece of text as a PDF places it on a page. */
export interface PlacedText {
  readonly str: string;
  readonly hasEOL: boolean;
  /** The last two say where it stands, from the lower left corner. */
  readonly transform: readonly unknown[];
  readonly height: number;
}

/** A line of a page. */
export interface PageLine {
  readonly text: string;
  /** Of its base line, from the lower edge. */
  readonly y: number;
  readonly height: number;
}

/** A paragraph, or a heading when its letters are clearly larger than most. */
export interface PageParagraph {
  readonly text: string;
  readonly height: number;
  readonly lines: number;
}

/** Lines that stand further apart than this many heights are not of one paragraph. */
const PARAGRAPH_GAP = 1.7;
/** Letters differ by rounding; from here on they were meant to. */
const SAME_HEIGHT = 0.08;

/** Joins pieces to lines, in the order in which the page writes them. */
export function toLines(items: readonly PlacedText[]): readonly PageLine[] {
  const lines: PageLine[] = [];
  let line: PlacedText[] = [];
  const end = (): void => {
    const text = line
      .map(({ str }) => str)
      .join('')
      .replace(/\s+/g, ' ')
      .trim();
    const height = Math.max(0, ...line.map((item) => item.height));
    if (text !== '') lines.push({ text, y: yOf(line), height });
    line = [];
  };
  for (const item of items) {
    line.push(item);
    if (item.hasEOL) end();
  }
  end();
  return lines;
}

function yOf(line: readonly PlacedText[]): number {
  const y = line.find(({ str }) => str.trim() !== '')?.transform[5];
  return typeof y === 'number' ? y : 0;
}

/** Joins lines to paragraphs: those that stand close together in letters of one size. */
export function toParagraphs(lines: readonly PageLine[]): readonly PageParagraph[] {
  const paragraphs: PageParagraph[] = [];
  let before: PageLine | null = null;
  for (const line of lines) {
    const last = paragraphs.at(-1);
    if (last !== undefined && before !== null && goesOn(before, line)) {
      const text = joinLines(last.text, line.text);
      paragraphs[paragraphs.length - 1] = { ...last, text, lines: last.lines + 1 };
    } else paragraphs.push({ text: line.text, height: line.height, lines: 1 });
    before = line;
  }
  return paragraphs;
}

function goesOn(before: PageLine, line: PageLine): boolean {
  const height = Math.max(before.height, line.height, 1);
  if (Math.abs(before.height - line.height) > SAME_HEIGHT * height) return false;
  const gap = before.y - line.y;
  // A new column begins higher up.
  return gap >= 0 && gap <= PARAGRAPH_GAP * height;
}

/** A word that was divided at the end of its line is whole again. */
function joinLines(text: string, next: string): string {
  const divided = /\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next);
  return divided ? `${text.slice(0, -1)}${next}` : `${text} ${next}`;
}
