import { AppError } from '../../../contracts/app-error.ts';
import { decodeText } from './decode-text.ts';
import { emptyDocument } from './text-builder.ts';
import { formatOf } from './format.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { PageLinks } from '../../../contracts/page-links.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

interface Source {
  readonly mediaType: string;
  readonly name: string;
}

/** Reads a document in this process, without a limit of time or memory. */
export async function parseDocument(bytes: Uint8Array, source: Source): Promise<ParsedDocument> {
  if (bytes.length === 0) throw emptyDocument();
  return bounded(bytes, () => parseAs(bytes, source));
}

/** Reads where an HTML page leads, likewise. */
export async function parsePageLinks(bytes: Uint8Array, source: Source): Promise<PageLinks> {
  return bounded(bytes, async () => {
    const { parseLinks } = await import('./parse-links.ts');
    return parseLinks(decodeText(bytes, source.mediaType, true));
  });
}

async function bounded<T>(bytes: Uint8Array, parse: () => Promise<T>): Promise<T> {
  if (bytes.length > LIMITS.documentBytes) {
    const limit = LIMITS.documentBytes;
    throw new AppError('knowledge.too_large', `a document has ${limit} bytes at most`);
  }
  try {
    return await parse();
  } catch (error) {
    // The parsers follow what is nested into itself with calls; only hostile pages nest that deep.
    if (!(error instanceof RangeError)) throw error;
    const message = 'the document is nested too deeply';
    throw new AppError('knowledge.too_costly', message, { cause: error });
  }
}

/** Each format is loaded when it is met: together they take a third of a second. */
async function parseAs(bytes: Uint8Array, source: Source): Promise<ParsedDocument> {
  switch (formatOf(source)) {
    case 'pdf':
      return (await import('./parse-pdf.ts')).parsePdf(bytes);
    case 'docx':
      return (await import('./parse-docx.ts')).parseDocx(bytes);
    case 'html': {
      const { parseHtml } = await import('./parse-html.ts');
      return parseHtml(decodeText(bytes, source.mediaType, true));
    }
    case 'markdown': {
      const { parseMarkdown } = await import('./parse-markdown.ts');
      return parseMarkdown(decodeText(bytes, source.mediaType));
    }
    case 'text': {
      const { parseText } = await import('./parse-text.ts');
      return parseText(decodeText(bytes, source.mediaType));
    }
  }
}
