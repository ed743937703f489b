import { checkTextLength, emptyDocument, wellFormed } from './text-builder.ts';
import type { ParsedDocument, TextBlock } from '../../../contracts/parsed-document.ts';

/** Plain text: its paragraphs are what blank lines separate. */
export function parseText(source: string): ParsedDocument {
  const text = wellFormed(source).replaceAll(/\r\n?/g, '\n');
  checkTextLength(text.length);
  const blocks: TextBlock[] = [];
  // Each character is looked at once: a pattern for blank lines would go back and forth.
  for (let at = 0; at < text.length;) {
    const { end, next } = paragraphAt(text, at);
    if (end > at) blocks.push({ kind: 'paragraph', start: at, end, page: null });
    at = next;
  }
  if (blocks.length === 0) throw emptyDocument();
  return { title: null, text, blocks, pages: null };
}

/** Where the lines from `at` end that are not blank, and where the line behind them begins. */
function paragraphAt(text: string, at: number): { readonly end: number; readonly next: number } {
  let end = at;
  for (let line = at; line < text.length;) {
    const newline = text.indexOf('\n', line);
    const stop = newline === -1 ? text.length : newline;
    const content = text.slice(line, stop).trimEnd();
    if (content === '') return { end, next: stop + 1 };
    end = line + content.length;
    line = stop + 1;
  }
  return { end, next: text.length };
}
