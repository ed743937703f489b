/** A line of a page: its text, and the size of its letters if it is not 11. */
export interface PdfLine {
  readonly text: string;
  readonly size?: number;
  /** Room above it, in heights of a line. */
  readonly above?: number;
}

const [WIDTH, HEIGHT, MARGIN] = [595, 842, 60];

/** A PDF of pages of lines, with a title if one is given; written by hand, byte by byte. */
export function makePdf(
  pages: readonly (readonly PdfLine[])[],
  { title, extra = '' }: { readonly title?: string; readonly extra?: string } = {},
): Buffer {
  const first = 4;
  const kids = pages.map((_, index) => `${first + index * 2} 0 R`).join(' ');
  const info = first + pages.length * 2;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap((page, index) => {
      const content = pageContent(page);
      const box = `/MediaBox [0 0 ${WIDTH} ${HEIGHT}]`;
      return [
        `<< /Type /Page /Parent 2 0 R ${box} /Resources << /Font << /F1 3 0 R >> >> ` +
          `/Contents ${first + index * 2 + 1} 0 R >>`,
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
    ...(title === undefined ? [] : [`<< /Title (${escape(title)}) >>`]),
  ];
  return assemble(objects, title === undefined ? extra : `/Info ${info} 0 R ${extra}`);
}

function assemble(objects: readonly string[], trailer: string): Buffer {
  let text = '%PDF-1.4\n';
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  text +=
    `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n` +
    `<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function pageContent(lines: readonly PdfLine[]): string {
  let y = HEIGHT - MARGIN;
  const parts = lines.map(({ text, size = 11, above = 0 }) => {
    y -= size * 1.2 * (1 + above);
    return `BT /F1 ${size} Tf 1 0 0 1 ${MARGIN} ${y.toFixed(2)} Tm (${escape(text)}) Tj ET`;
  });
  return parts.join('\n');
}

function escape(text: string): string {
  return text.replace(/[\\()]/g, (sign) => `\\${sign}`);
}
