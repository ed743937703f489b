import { checkTextLength, emptyDocument, TextBuilder } from './text-builder.ts';
import { toLines, toParagraphs, type PageParagraph } from './pdf-lines.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { getDocumentProxy } from 'unpdf';
import { LIMITS } from '../../../contracts/limits.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Letters this much larger than most of the document's make a heading. */
const HEADING_RATIO = 1.15;
const HEADING_LINES = 2;
const HEADING_CHARS = 160;
const HEADING_LEVELS = 3;
/** Where a reader looks for the beginning of a PDF. */
const HEADER_BYTES = 1_024;

/** A PDF with its pages; headings are told by the size of their letters. */
export async function parsePdf(bytes: Uint8Array): Promise<ParsedDocument> {
  if (!isPdf(bytes)) throw new AppError('knowledge.unreadable', 'the document is not a PDF');
  const pdf = await openPdf(bytes);
  if (pdf.numPages > LIMITS.documentPages) {
    const message = `a document has ${LIMITS.documentPages} pages at most, this one ${pdf.numPages}`;
    throw new AppError('knowledge.too_large', message);
  }
  const pages = await readPages(pdf);
  if (pages.every((page) => page.length === 0)) {
    throw emptyDocument('; pictures of pages have to be recognised first');
  }
  return build(pages, await titleOf(pdf));
}

/** True when the bytes begin as a PDF does. */
export function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, HEADER_BYTES)).includes('%PDF-');
}

async function openPdf(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    // A copy, because the library takes the bytes away from their owner.
    const data = new Uint8Array(bytes);
    return await getDocumentProxy(data, { verbosity: 0, enableXfa: false });
  } catch (error) {
    throw toAppError(error);
  }
}

async function readPages(pdf: PdfDocument): Promise<readonly (readonly PageParagraph[])[]> {
  const pages: (readonly PageParagraph[])[] = [];
  let chars = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await readPage(pdf, number);
    chars += page.reduce((sum, { text }) => sum + text.length, 0);
    checkTextLength(chars);
    pages.push(page);
  }
  return pages;
}

async function readPage(pdf: PdfDocument, number: number): Promise<readonly PageParagraph[]> {
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return toParagraphs(toLines(items.filter((item) => 'str' in item)));
  } catch (cause) {
    throw new AppError('knowledge.unreadable', `page ${number} of the PDF is broken`, { cause });
  }
}

function build(pages: readonly (readonly PageParagraph[])[], title: string | null): ParsedDocument {
  const levels = headingLevels(pages.flat());
  const builder = new TextBuilder();
  for (const [index, page] of pages.entries()) {
    for (const { text, height, lines } of page) {
      const level = levels.get(sizeOf(height)) ?? 0;
      const isHeading = level > 0 && lines <= HEADING_LINES && text.length <= HEADING_CHARS;
      if (isHeading) builder.addHeading(level, text, index + 1);
      else builder.add('paragraph', text, index + 1);
    }
  }
  return builder.build(title, pages.length);
}

/** Sizes of letters that mark headings, by the level they mark: 1 is the largest. */
function headingLevels(paragraphs: readonly PageParagraph[]): ReadonlyMap<number, number> {
  const chars = new Map<number, number>();
  for (const { height, text } of paragraphs) {
    chars.set(sizeOf(height), (chars.get(sizeOf(height)) ?? 0) + text.length);
  }
  const most = [...chars].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  const larger = [...chars.keys()].filter((size) => size >= most * HEADING_RATIO);
  const ranked = larger.toSorted((a, b) => b - a);
  return new Map(ranked.map((size, rank) => [size, Math.min(rank + 1, HEADING_LEVELS)]));
}

/** In half points: sizes that nobody tells apart are one. */
function sizeOf(height: number): number {
  return Math.round(height * 2) / 2;
}

async function titleOf(pdf: PdfDocument): Promise<string | null> {
  const read = await pdf.getMetadata().catch(() => null);
  const title = read === null ? null : (read.info as { readonly Title?: unknown }).Title;
  return typeof title === 'string' ? title : null;
}

function toAppError(cause: unknown): AppError {
  if (cause instanceof Error && cause.name === 'PasswordException') {
    return new AppError('knowledge.encrypted', 'the PDF needs a password', { cause });
  }
  return new AppError('knowledge.unreadable', 'the PDF is broken', { cause });
}
