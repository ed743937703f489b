import { AppError } from '../../../contracts/app-error.ts';
import { checkZip } from './zip-check.ts';
import mammoth from 'mammoth';
import { parseHtml } from './parse-html.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

/** Older formats of Office and encrypted documents begin like this. */
const COMPOUND_FILE = 'd0cf11e0a1b11ae1';
const BODY = 'word/document.xml';

/** A Word document, by way of its HTML: styles become headings, lists and tables. */
export async function parseDocx(bytes: Uint8Array): Promise<ParsedDocument> {
  if (Buffer.from(bytes.subarray(0, 8)).toString('hex') === COMPOUND_FILE) {
    const message = 'the document is encrypted, or of a Word before 2007; save it as .docx';
    throw new AppError('knowledge.encrypted', message);
  }
  if (!checkZip(bytes).has(BODY)) {
    throw new AppError('knowledge.unreadable', 'the archive is not a Word document');
  }
  const parsed = parseHtml(await toHtml(bytes));
  const first = parsed.blocks.find(({ level }) => level === 1);
  return { ...parsed, title: first?.title ?? null };
}

async function toHtml(bytes: Uint8Array): Promise<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Pictures would be pages of base64; without text they are nothing to us.
  const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  try {
    const options = { convertImage, externalFileAccess: false };
    const { value } = await mammoth.convertToHtml({ buffer }, options);
    return value;
  } catch (cause) {
    throw new AppError('knowledge.unreadable', 'the Word document is broken', { cause });
  }
}
