import { makeZip } from './zip.fixture.ts';

/** What a Word document is made of. */
export type DocxPart =
  | { readonly heading: number; readonly text: string }
  | { readonly text: string }
  | { readonly rows: readonly (readonly string[])[] };

const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

/** A small Word document. */
export function makeDocx(parts: readonly DocxPart[]): Buffer {
  const body = parts.map(partXml).join('');
  return makeZip([
    {
      name: '[Content_Types].xml',
      content:
        `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ` +
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
        `<Override PartName="/word/document.xml" ContentType="${MAIN}.document.main+xml"/>` +
        `<Override PartName="/word/styles.xml" ContentType="${MAIN}.styles+xml"/></Types>`,
    },
    { name: '_rels/.rels', content: relation('officeDocument', 'word/document.xml') },
    { name: 'word/_rels/document.xml.rels', content: relation('styles', 'styles.xml') },
    { name: 'word/styles.xml', content: styles() },
    {
      name: 'word/document.xml',
      content: `<w:document xmlns:w="${WORD}"><w:body>${body}</w:body></w:document>`,
    },
  ]);
}

function partXml(part: DocxPart): string {
  if ('rows' in part) return `<w:tbl>${part.rows.map(rowXml).join('')}</w:tbl>`;
  const style =
    'heading' in part ? `<w:pPr><w:pStyle w:val="Heading${part.heading}"/></w:pPr>` : '';
  return `<w:p>${style}${runXml(part.text)}</w:p>`;
}

function rowXml(cells: readonly string[]): string {
  const inner = cells.map((text) => `<w:tc><w:p>${runXml(text)}</w:p></w:tc>`);
  return `<w:tr>${inner.join('')}</w:tr>`;
}

function runXml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<w:r><w:t xml:space="preserve">${escaped}</w:t></w:r>`;
}

function relation(type: string, target: string): string {
  return (
    `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" ` +
    `Type="${OFFICE}/${type}" Target="${target}"/></Relationships>`
  );
}

function styles(): string {
  const all = [1, 2, 3].map(
    (level) =>
      `<w:style w:type="paragraph" w:styleId="Heading${level}"><w:name w:val="heading ${level}"/></w:style>`,
  );
  return `<w:styles xmlns:w="${WORD}">${all.join('')}</w:styles>`;
}
