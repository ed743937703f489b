import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { oneLine, TextBuilder } from './text-builder.ts';
import { HtmlReader } from './html-reader.ts';
import type { ParsedDocument } from '../../../contracts/parsed-document.ts';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Elements whose content is not read, or is the same on every page of a site. */
const HIDDEN = new Set(
  (
    'script style noscript template svg math iframe object canvas textarea select button audio ' +
    'video head nav'
  ).split(' '),
);

/** An HTML page: what a reader sees of it. */
export function parseHtml(html: string): ParsedDocument {
  const builder = new TextBuilder();
  const root = parse(html, { scriptingEnabled: false });
  const title = readTree(root, new HtmlReader(builder));
  return builder.build(title);
}

/** Visits the tree with a stack of its own, for a page may nest deeper than calls can. */
function readTree(root: Node, reader: HtmlReader): string | null {
  let title: string | null = null;
  const stack: { readonly node: Node; readonly leave: boolean }[] = [{ node: root, leave: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, leave } = top;
    if (leave) reader.leave(node.nodeName);
    else if ('value' in node) reader.text(node.value);
    else if (node.nodeName === 'title') title ??= titleOf(node);
    else if (isSeen(node)) {
      reader.enter(node.nodeName);
      stack.push({ node, leave: true });
      for (const child of childrenOf(node).toReversed()) stack.push({ node: child, leave: false });
    } else if (node.nodeName === 'head') title ??= headTitle(node);
  }
  reader.end();
  return title;
}

function isSeen(node: Node): boolean {
  if (!('attrs' in node)) return true;
  if (HIDDEN.has(node.nodeName)) return false;
  return !node.attrs.some(
    ({ name, value }) => name === 'hidden' || (name === 'aria-hidden' && value === 'true'),
  );
}

function childrenOf(node: Node): readonly Node[] {
  return 'childNodes' in node ? node.childNodes : [];
}

function headTitle(head: Node): string | null {
  const title = childrenOf(head).find((node): node is Element => node.nodeName === 'title');
  return title === undefined ? null : titleOf(title);
}

function titleOf(title: Node): string | null {
  const text = childrenOf(title).map((node) => ('value' in node ? node.value : ''));
  const line = oneLine(text.join(''));
  return line === '' ? null : line;
}
