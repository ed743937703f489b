import { AppError } from '../../../contracts/app-error.ts';

/** Formats that documents are read from. */
export type DocumentFormat = 'text' | 'markdown' | 'html' | 'pdf' | 'docx';

const BY_TYPE: Readonly<Record<string, DocumentFormat>> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'application/json': 'text',
  'application/yaml': 'text',
  'application/xml': 'text',
};
const BY_ENDING: Readonly<Record<string, DocumentFormat>> = {
  pdf: 'pdf',
  docx: 'docx',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  md: 'markdown',
  markdown: 'markdown',
  txt: 'text',
  text: 'text',
  log: 'text',
  csv: 'text',
  json: 'text',
  yaml: 'text',
  yml: 'text',
  rst: 'text',
};
/** What senders say who do not know; the name then says more. */
const VAGUE = new Set(['', 'application/octet-stream', 'text/plain', 'binary/octet-stream']);

interface FormatSource {
  readonly mediaType: string;
  readonly name: string;
}

/** The format of a document by its media type, and by its name where that says nothing; null: none is read. */
export function knownFormat(source: FormatSource): DocumentFormat | null {
  const type = typeOf(source);
  const byType = BY_TYPE[type];
  if (byType !== undefined) return byType;
  const byEnding = VAGUE.has(type) ? BY_ENDING[endingOf(source.name)] : undefined;
  if (byEnding !== undefined) return byEnding;
  return type.startsWith('text/') ? 'text' : null;
}

/** The same. Throws `knowledge.unsupported_type`. */
export function formatOf(source: FormatSource): DocumentFormat {
  const format = knownFormat(source);
  if (format !== null) return format;
  const type = typeOf(source);
  throw new AppError(
    'knowledge.unsupported_type',
    `documents of type ${type === '' ? 'unknown' : type} are not read; send text, Markdown, HTML, PDF or DOCX`,
  );
}

function typeOf({ mediaType }: FormatSource): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

function endingOf(name: string): string {
  const path = name.split(/[?#]/)[0] ?? '';
  return /\.([a-z0-9]{1,8})$/i.exec(path)?.[1]?.toLowerCase() ?? '';
}
