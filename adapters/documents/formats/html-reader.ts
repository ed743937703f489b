import { oneLine, type TextBuilder } from './text-builder.ts';

const BULLET = '- ';

/** Follows a page from element to element and adds what a reader sees as blocks. */
export class HtmlReader {
  readonly #builder: TextBuilder;
  #inline: string[] = [];
  #lines: string[] = [];
  #cells: string[] = [];
  /** How deep in lists, tables and preformatted text the reader is. */
  #lists = 0;
  #tables = 0;
  #pre = 0;
  #heading = 0;

  constructor(builder: TextBuilder) {
    this.#builder = builder;
  }

  text(value: string): void {
    this.#inline.push(value);
  }

  enter(tag: string): void {
    if (tag === 'br') this.#inline.push(this.#pre > 0 ? '\n' : ' ');
    else if (tag === 'pre') this.#enterPre();
    else if (tag === 'table') this.#enterTable();
    else if (tag === 'ul' || tag === 'ol') this.#enterList();
    else if (isBlock(tag)) this.#border(tag);
  }

  leave(tag: string): void {
    if (tag === 'pre') this.#leavePre();
    else if (tag === 'table') this.#leaveTable();
    else if (tag === 'ul' || tag === 'ol') this.#leaveList();
    else if (tag === 'td' || tag === 'th') this.#endCell();
    else if (tag === 'tr') this.#endRow();
    else if (isBlock(tag)) this.#border(null);
  }

  /** Adds what is left over. */
  end(): void {
    this.#flush();
  }

  /** A block within a list or a table belongs to its item or cell. */
  #border(tag: string | null): void {
    if (this.#pre > 0) return;
    if (this.#tables > 0) this.#inline.push(' ');
    else if (this.#lists > 0) this.#endItem();
    else {
      this.#flush();
      this.#heading = tag === null ? 0 : headingLevel(tag);
    }
  }

  #enterPre(): void {
    if (this.#pre === 0 && !this.#nested()) this.#flush();
    this.#pre += 1;
  }

  #leavePre(): void {
    this.#pre -= 1;
    if (this.#pre > 0 || this.#nested()) return;
    this.#builder.add('code', this.#inline.join(''));
    this.#inline = [];
  }

  #enterTable(): void {
    if (!this.#nested()) this.#flush();
    this.#tables += 1;
  }

  #leaveTable(): void {
    this.#tables -= 1;
    if (this.#tables > 0) return;
    this.#endRow();
    if (this.#lists > 0) return;
    this.#addLines('table');
  }

  #enterList(): void {
    if (this.#lists > 0) this.#endItem();
    else if (this.#tables === 0) this.#flush();
    this.#lists += 1;
  }

  #leaveList(): void {
    if (this.#tables === 0) this.#endItem();
    this.#lists -= 1;
    if (this.#lists === 0 && this.#tables === 0) this.#addLines('list');
  }

  #nested(): boolean {
    return this.#lists > 0 || this.#tables > 0;
  }

  #endItem(): void {
    const item = this.#take();
    if (item !== '')
      this.#lines.push(`${'  '.repeat(Math.min(this.#lists - 1, 8))}${BULLET}${item}`);
  }

  #endCell(): void {
    // A cell of a table within a cell is text of the outer one.
    if (this.#tables !== 1) this.#inline.push(' ');
    else this.#cells.push(this.#take());
  }

  #endRow(): void {
    if (this.#tables > 1) return;
    const rest = this.#take();
    const cells = rest === '' ? this.#cells : [...this.#cells, rest];
    if (cells.some((cell) => cell !== '')) this.#lines.push(cells.join(' | '));
    this.#cells = [];
  }

  #addLines(kind: 'list' | 'table'): void {
    this.#builder.add(kind, this.#lines.join('\n'));
    this.#lines = [];
  }

  #flush(): void {
    const text = this.#take();
    if (this.#heading > 0) this.#builder.addHeading(this.#heading, text);
    else this.#builder.add('paragraph', text);
    this.#heading = 0;
  }

  #take(): string {
    const text = oneLine(this.#inline.join(''));
    this.#inline = [];
    return text;
  }
}

const BLOCKS = new Set(
  (
    'address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav p search section summary ' +
    'caption center legend option'
  ).split(' '),
);

function isBlock(tag: string): boolean {
  return BLOCKS.has(tag);
}

function headingLevel(tag: string): number {
  return /^h[1-6]$/.test(tag) ? Number(tag.charAt(1)) : 0;
}
