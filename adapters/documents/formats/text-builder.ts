import type { BlockKind, ParsedDocument, TextBlock } from '../../../contracts/parsed-document.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { LIMITS } from '../../../contracts/limits.ts';

const BETWEEN = '\n\n';

/** Puts a document's text together and notes where its blocks are. */
export class TextBuilder {
  readonly #parts: string[] = [];
  readonly #blocks: TextBlock[] = [];
  #length = 0;

  /** Adds a block if there is anything to read in it. */
  add(kind: Exclude<BlockKind, 'heading'>, text: string, page: number | null = null): void {
    const place = this.#append(text);
    if (place !== null) this.#blocks.push({ kind, ...place, page });
  }

  /** Adds a heading if it says anything. */
  addHeading(level: number, text: string, page: number | null = null): void {
    const place = this.#append(text);
    if (place === null) return;
    this.#blocks.push({ kind: 'heading', ...place, page, level, title: wellFormed(text).trim() });
  }

  /** The document of what was added. Throws `knowledge.empty`. */
  build(title: string | null, pages: number | null = null): ParsedDocument {
    if (this.#blocks.length === 0) throw emptyDocument();
    const named = title === null ? '' : oneLine(title);
    const text = this.#parts.join('');
    return { title: named === '' ? null : named, text, blocks: this.#blocks, pages };
  }

  #append(raw: string): { readonly start: number; readonly end: number } | null {
    const text = wellFormed(raw)
      .replace(/^(?:[^\S\n]*\n)+/, '')
      .trimEnd();
    if (text.trim() === '') return null;
    if (this.#length > 0) this.#push(BETWEEN);
    const start = this.#length;
    this.#push(text);
    return { start, end: this.#length };
  }

  #push(text: string): void {
    this.#length += text.length;
    checkTextLength(this.#length);
    this.#parts.push(text);
  }
}

/** Throws `knowledge.too_large` for a text that no document may have. */
export function checkTextLength(chars: number): void {
  if (chars <= LIMITS.documentTextChars) return;
  const limit = LIMITS.documentTextChars;
  throw new AppError('knowledge.too_large', `a document has ${limit} characters of text at most`);
}

/** What is said of a document in which there is nothing to read. */
export function emptyDocument(hint = ''): AppError {
  return new AppError('knowledge.empty', `there is no text in the document${hint}`);
}

/** Databases refuse NUL and halves of characters. */
export function wellFormed(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** With every run of white space as one space. */
export function oneLine(text: string): string {
  return wellFormed(text).replace(/\s+/g, ' ').trim();
}
