import type { PageText } from './port.ts';

const MAX_CONTROLS = 40;
const MAX_LINK_CHARS = 2_000;

/** The text on one line, cut. */
export function cutText(text: string, maxChars: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > maxChars ? `${line.slice(0, maxChars)}…` : line;
}

/** Reads what a page's script answered; a page may have made it answer anything. */
export function toPageText(
  answer: unknown,
  controls: readonly string[],
  limits: { readonly maxChars: number; readonly maxLinks: number },
): PageText {
  const { text, truncated, links } = fieldsOf(answer);
  const read = typeof text === 'string' ? text : '';
  return {
    text: read.slice(0, limits.maxChars),
    truncated: truncated === true || read.length > limits.maxChars,
    links: listOf(links)
      .slice(0, limits.maxLinks)
      .map((link) => {
        const fields = fieldsOf(link);
        return {
          text: cutText(textOf(fields['text']), 100),
          url: textOf(fields['url']).slice(0, MAX_LINK_CHARS),
        };
      }),
    controls,
  };
}

/** Descriptions of controls, as far as they are texts. */
export function toControls(answer: unknown): readonly string[] {
  return listOf(answer)
    .slice(0, MAX_CONTROLS)
    .map((control) => cutText(textOf(control), 200));
}

/** Width and height of a page, within what can be drawn. */
export function toSize(answer: unknown, max: { readonly width: number; readonly height: number }) {
  const { width, height } = fieldsOf(answer);
  const bounded = (value: unknown, most: number): number =>
    typeof value === 'number' && value >= 1 ? Math.min(Math.ceil(value), most) : 1;
  return { width: bounded(width, max.width), height: bounded(height, max.height) };
}

/** Title, and whether the document is complete. */
export function toDocumentState(answer: unknown) {
  const { title, loading } = fieldsOf(answer);
  return { title: cutText(textOf(title), 300), loading: loading === true };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
