import { toUnits, type ChunkUnit } from './chunk-units.ts';
import type { ChunkDraft } from '../../../contracts/knowledge.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

/** How long pieces are, in words. */
export interface ChunkSizes {
  /**
   * A section of at least this many has pieces of its own; a shorter one joins the next. The rest of a
   * longer one joins it only if it has less than a quarter of this.
   */
  readonly section: number;
  /** A piece has at least this many where nothing forces it to end. */
  readonly low: number;
  /** No piece has more. */
  readonly high: number;
}

const SIZES: ChunkSizes = { section: 120, low: 180, high: 320 };

/**
 * Cuts a document into pieces: before headings where it can, else between blocks, lines or sentences.
 * Of places that are equally good the text itself chooses one: a change moves only the cuts near it.
 * Everything that can be read is in exactly one piece, and `text.slice(start, end)` is its text.
 */
export function chunkDocument(
  document: Pick<ParsedDocument, 'text' | 'blocks'>,
  sizes: ChunkSizes = SIZES,
): readonly ChunkDraft[] {
  const units = toUnits(document, sizes.high);
  const chunks: ChunkDraft[] = [];
  for (let from = 0; from < units.length;) {
    const to = endOfChunk(units, from, sizes);
    chunks.push(toChunk(document.text, units.slice(from, to)));
    from = to;
  }
  return chunks;
}

/** The index of the unit with which the next piece begins. */
function endOfChunk(units: readonly ChunkUnit[], from: number, sizes: ChunkSizes): number {
  let words = 0;
  let best: { readonly at: number; readonly unit: ChunkUnit } | null = null;
  for (let at = from; ; at += 1) {
    const unit = units[at];
    if (unit === undefined) return at;
    if (at > from && mayCut(units, { from, at }, { words, sizes })) {
      if (unit.isHeading) return at;
      if (best === null || isBetter(unit, best.unit)) best = { at, unit };
    }
    if (at > from && words + unit.words > sizes.high)
      return best?.at ?? lastResort(units, from, at);
    words += unit.words;
  }
}

function mayCut(
  units: readonly ChunkUnit[],
  { from, at }: { readonly from: number; readonly at: number },
  { words, sizes }: { readonly words: number; readonly sizes: ChunkSizes },
): boolean {
  const unit = units[at];
  // A heading stays with what it is above of.
  if (unit === undefined || units[at - 1]?.isHeading === true) return false;
  if (!unit.isHeading) return words >= sizes.low;
  return words >= (units[from]?.isHeading === true ? sizes.section : sizes.section / 4);
}

function isBetter(unit: ChunkUnit, than: ChunkUnit): boolean {
  return unit.rank === than.rank ? unit.mark < than.mark : unit.rank > than.rank;
}

/** A piece that is too short, because what follows is too long to join it. */
function lastResort(units: readonly ChunkUnit[], from: number, at: number): number {
  let end = at;
  while (end - 1 > from && units[end - 1]?.isHeading === true) end -= 1;
  return units[end - 1]?.isHeading === true ? at : end;
}

function toChunk(text: string, units: readonly ChunkUnit[]): ChunkDraft {
  const [first] = units;
  const start = first?.start ?? 0;
  const end = units.at(-1)?.end ?? start;
  return {
    text: text.slice(start, end),
    page: first?.page ?? null,
    start,
    end,
    headings: commonHeadings(units),
  };
}

/** What stands above all of them. */
function commonHeadings([first, ...others]: readonly ChunkUnit[]): readonly string[] {
  const path = first?.headings ?? [];
  const differs = path.findIndex((heading, depth) =>
    others.some(({ headings }) => headings[depth] !== heading),
  );
  return differs === -1 ? path : path.slice(0, differs);
}
