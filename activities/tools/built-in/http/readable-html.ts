/** What a reader sees of a page. */
export interface ReadablePage {
  readonly title: string;
  readonly text: string;
  readonly links: readonly { readonly text: string; readonly url: string }[];
}

const MAX_LINKS = 200;
const MAX_LINK_CHARS = 200;
/** Elements whose content nobody reads. */
const HIDDEN = new Set(['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'textarea']);
const BLOCKS = new Set(
  (
    'address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 ' +
    'h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul title'
  ).split(' '),
);
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['ndash', '–'],
  ['mdash', '—'],
  ['hellip', '…'],
  ['copy', '©'],
  ['euro', '€'],
]);
const LARGEST_CODE_POINT = 0x10ffff;

/** Replaces character references; unknown ones stay as they are. */
function decodeEntities(text: string): string {
  return text.replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name.toLowerCase()) ?? whole;
    const hex = name.charAt(1).toLowerCase() === 'x';
    const code = hex ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    const valid = Number.isFinite(code) && code > 0 && code <= LARGEST_CODE_POINT;
    return valid ? String.fromCodePoint(code) : whole;
  });
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[ \t\r\f\v\u00a0]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

function absoluteUrl(href: string, base: string): string | null {
  const url = URL.parse(decodeEntities(href), base);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : null;
}

/** Collects text and links while the page is read from left to right, each character once. */
class Reader {
  readonly #html: string;
  readonly #base: string;
  #text = '';
  #title = '';
  #inTitle = false;
  #link: { readonly url: string; readonly from: number } | null = null;
  readonly #links: { readonly text: string; readonly url: string }[] = [];

  constructor(html: string, base: string) {
    this.#html = html;
    this.#base = base;
  }

  read(): ReadablePage {
    let at = 0;
    while (at < this.#html.length) {
      const open = this.#html.indexOf('<', at);
      this.#add(this.#html.slice(at, open === -1 ? undefined : open));
      if (open === -1) break;
      at = this.#tag(open);
    }
    return { title: tidy(this.#title), text: tidy(this.#text), links: this.#links };
  }

  #add(raw: string): void {
    const text = decodeEntities(raw.replace(/\n/g, ' '));
    if (this.#inTitle) this.#title += text;
    else this.#text += text;
  }

  /** Handles the tag at `open` and says where reading goes on. */
  #tag(open: number): number {
    if (this.#html.startsWith('<!--', open)) return this.#behind('-->', open + 4);
    // A stray sign is text; looking for its end first would read the page once for each of them.
    if (!/^[a-z!/?]/i.test(this.#html.charAt(open + 1))) {
      this.#add('<');
      return open + 1;
    }
    const close = this.#html.indexOf('>', open);
    if (close === -1) return this.#html.length;
    const tag = this.#html.slice(open + 1, close);
    const name = /^\/?([a-z][a-z0-9]*)/i.exec(tag)?.[1]?.toLowerCase();
    if (name === undefined) return close + 1;
    const closing = tag.startsWith('/');
    if (!closing && HIDDEN.has(name)) return this.#behindElement(name, close + 1);
    if (BLOCKS.has(name)) this.#text += '\n';
    if (name === 'title') this.#inTitle = !closing;
    if (name === 'a') this.#anchor(tag, closing);
    return close + 1;
  }

  #anchor(tag: string, closing: boolean): void {
    if (this.#link !== null && this.#links.length < MAX_LINKS) {
      const text = tidy(this.#text.slice(this.#link.from)).replace(/\n/g, ' ');
      this.#links.push({ text: text.slice(0, MAX_LINK_CHARS), url: this.#link.url });
    }
    this.#link = null;
    if (closing) return;
    const found = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(tag);
    const url = absoluteUrl(found?.[1] ?? found?.[2] ?? found?.[3] ?? '', this.#base);
    if (found !== null && url !== null) this.#link = { url, from: this.#text.length };
  }

  #behind(end: string, from: number): number {
    const found = this.#html.indexOf(end, from);
    return found === -1 ? this.#html.length : found + end.length;
  }

  #behindElement(name: string, from: number): number {
    const closing = new RegExp(`</${name}`, 'gi');
    closing.lastIndex = from;
    const found = closing.exec(this.#html);
    return found === null ? this.#html.length : this.#behind('>', closing.lastIndex);
  }
}

/** Reduces HTML to its title, readable text and links; relative links are resolved on `base`. */
export function readableHtml(html: string, base: string): ReadablePage {
  return new Reader(html, base).read();
}
