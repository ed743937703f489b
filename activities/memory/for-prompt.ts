import type { Citation, PromptCitation, PromptContext } from '../../contracts/recall.ts';
import { estimateTokens, withinTokens } from './token-estimate.ts';
import type { FoundForPrompt } from './memory-service.ts';
import { recalledBlock } from '../../contracts/recalled-text.ts';

interface Line {
  readonly text: string;
  readonly memoryId: string | null;
  readonly citation: Citation | null;
}

/** Of the budget, for the tags and the sentence before them. */
const FRAME_TOKENS = estimateTokens(recalledBlock([]));

const WIDEST_MARK = '[999] ';

/** See `MemoryService.forPrompt`. */
export function toPromptContext(found: FoundForPrompt, tokenBudget: number): PromptContext {
  const lines = linesOf(found);
  const room = Math.max(0, tokenBudget - FRAME_TOKENS);
  const { kept, omitted } = withinTokens(lines, room, ({ text }) => `${WIDEST_MARK}${text}`);
  const before = (found.memories?.omitted ?? 0) + (found.knowledge?.omitted ?? 0);
  if (kept.length === 0) return { text: '', citations: [], tokens: 0, omitted: omitted + before };
  const marks = kept.map((line, index) => ({ ...line, mark: index + 1 }));
  const text = recalledBlock(marks.map((line) => `[${line.mark}] ${line.text}`));
  const citations = marks.map(({ mark, memoryId, citation }): PromptCitation => ({
    mark,
    memoryId,
    citation,
  }));
  return { text, citations, tokens: estimateTokens(text), omitted: omitted + before };
}

function linesOf({ memories, knowledge }: FoundForPrompt): readonly Line[] {
  const remembered = (memories?.hits ?? []).map(({ memory }): Line => {
    const { id, text, validAt, kind, origin, trusted } = memory;
    const source = trusted ? origin : `${origin}, unverified`;
    const head = `${kind}, ${validAt.slice(0, 10)}, from ${source}`;
    return { text: `(${head}) ${oneLine(text)}`, memoryId: id, citation: null };
  });
  const read = (knowledge?.hits ?? []).map(({ chunk, citation }): Line => {
    const page = citation.page === null ? '' : `, page ${citation.page}`;
    const head = `${oneLine(citation.title)}${page}`;
    return { text: `(${head}) ${oneLine(chunk.text)}`, memoryId: null, citation };
  });
  return interleaved(remembered, read);
}

/** Best of both first: neither kind of hit may use up the room of the other. */
function interleaved<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  const length = Math.max(first.length, second.length);
  return Array.from({ length }, (_, index) => [
    ...first.slice(index, index + 1),
    ...second.slice(index, index + 1),
  ]).flat();
}

/** A line break would let a text pose as another entry. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}
