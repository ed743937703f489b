import { checkTextLength, emptyDocument, oneLine, wellFormed } from './text-builder.ts';
import type { BlockKind, ParsedDocument, TextBlock } from '../../../contracts/parsed-document.ts';
import { Lexer, type Token } from 'marked';
import { parseText } from './parse-text.ts';

const KINDS: Readonly<Record<string, BlockKind>> = {
  heading: 'heading',
  list: 'list',
  code: 'code',
  table: 'table',
};
/** Say nothing: rules, blank lines, targets of links. */
const SILENT = new Set(['space', 'hr', 'def']);

/** Markdown with GitHub's tables. The text stays as it is written; blocks point into it. */
export function parseMarkdown(source: string): ParsedDocument {
  const text = wellFormed(source).replaceAll(/\r\n?/g, '\n');
  checkTextLength(text.length);
  const { title, length } = frontMatter(text);
  const body = text.slice(length);
  const tokens = new Lexer({ gfm: true }).blockTokens(body, []);
  // Places are counted from the pieces, which must therefore be the whole.
  if (tokens.map(({ raw }) => raw).join('') !== body) return parseText(text);
  const blocks = toBlocks(tokens, length);
  if (blocks.length === 0) throw emptyDocument();
  const first = blocks.find(({ kind, level }) => kind === 'heading' && level === 1);
  return { title: title ?? first?.title ?? null, text, blocks, pages: null };
}

function toBlocks(tokens: readonly Token[], from: number): readonly TextBlock[] {
  const blocks: TextBlock[] = [];
  let at = from;
  for (const token of tokens) {
    const start = at + token.raw.length - token.raw.replace(/^\n+/, '').length;
    const end = at + token.raw.trimEnd().length;
    at += token.raw.length;
    if (SILENT.has(token.type) || end <= start) continue;
    const kind = KINDS[token.type] ?? 'paragraph';
    blocks.push({ kind, start, end, page: null, ...headingOf(token) });
  }
  return blocks;
}

function headingOf(token: Token): Pick<TextBlock, 'level' | 'title'> {
  if (token.type !== 'heading') return {};
  return { level: Number(token['depth']), title: oneLine(String(token['text'])) };
}

/** Settings that site generators put before a page; only the title is of use to a reader. */
function frontMatter(text: string): { readonly title: string | null; readonly length: number } {
  if (!text.startsWith('---\n')) return { title: null, length: 0 };
  const close = text.indexOf('\n---\n', 3);
  if (close === -1) return { title: null, length: 0 };
  const found = /^title:[ \t]*(["']?)(.{1,300})\1[ \t]*$/m.exec(text.slice(0, close));
  return { title: found?.[2] === undefined ? null : oneLine(found[2]), length: close + 5 };
}
