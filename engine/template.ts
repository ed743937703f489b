import { invalid } from './cel-program.ts';

const OPEN = '{{';
const CLOSE = '}}';
const MAX_PLACEHOLDERS = 200;

/** A piece of a template: text, or the CEL of a placeholder. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'cel'; readonly text: string };

/** Cuts a text into its placeholders and what is between them. Throws `expression.invalid`. */
export function splitTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  let placeholders = 0;
  for (;;) {
    const open = text.indexOf(OPEN, from);
    if (open === -1) break;
    if (++placeholders > MAX_PLACEHOLDERS) {
      throw invalid(`the text has more than ${MAX_PLACEHOLDERS} placeholders`);
    }
    const close = findClose(text, open + OPEN.length);
    if (close === -1) throw invalid('a placeholder {{ is not closed by }}');
    if (open > from) parts.push({ kind: 'text', text: text.slice(from, open) });
    parts.push({ kind: 'cel', text: text.slice(open + OPEN.length, close) });
    from = close + CLOSE.length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

/** Place of the `}}` that closes a placeholder: not one in a text or behind an open brace. */
function findClose(text: string, from: number): number {
  let depth = 0;
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '{') depth++;
    else if (char === '}' && depth > 0) depth--;
    else if (char === '}' && text[at + 1] === '}') return at;
  }
  return -1;
}
