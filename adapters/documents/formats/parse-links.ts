import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { LIMITS } from '../../../contracts/limits.ts';
import { oneLine } from './text-builder.ts';
import { readRobotsWords } from '../../../contracts/robots-words.ts';
import type { PageLinks } from '../../../contracts/page-links.ts';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Longer addresses are nobody's. */
const HREF_CHARS = 2_000;
const TITLE_CHARS = 500;
/** Whom a page may address in its head. */
const ROBOTS = new Set(['robots', 'holdfast']);

/** Where an HTML page leads; links that ask not to be followed are left out. */
export function parseLinks(html: string): PageLinks {
  const hrefs = new Set<string>();
  const said: string[] = [];
  let title: string | null = null;
  let base: string | null = null;
  // A stack of its own, for a page may nest deeper than calls can.
  const stack: Node[] = [parse(html, { scriptingEnabled: false })];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ('childNodes' in node) pushReversed(stack, node.childNodes);
    if (!('attrs' in node)) continue;
    if (node.nodeName === 'title') title ??= titleOf(node);
    else if (node.nodeName === 'base') base ??= attribute(node, 'href');
    else if (node.nodeName === 'meta') said.push(robotsOf(node));
    else if (node.nodeName === 'a' || node.nodeName === 'area') addHref(node, hrefs);
  }
  return { title, base, hrefs: [...hrefs], ...readRobotsWords(said) };
}

/** One by one: a page may have more nodes side by side than a call takes arguments. */
function pushReversed(stack: Node[], nodes: readonly Node[]): void {
  for (const node of nodes.toReversed()) stack.push(node);
}

function addHref(link: Element, hrefs: Set<string>): void {
  const href = attribute(link, 'href')?.split('#')[0]?.trim() ?? '';
  if (href === '' || href.length > HREF_CHARS || hrefs.size >= LIMITS.linksPerPage) return;
  const rel = attribute(link, 'rel')?.toLowerCase().split(/\s+/) ?? [];
  if (!rel.includes('nofollow')) hrefs.add(href);
}

/** Nothing, where the meta speaks of something else or to somebody else. */
function robotsOf(meta: Element): string {
  const isOurs = ROBOTS.has(attribute(meta, 'name')?.trim().toLowerCase() ?? '');
  return isOurs ? (attribute(meta, 'content') ?? '') : '';
}

function attribute(element: Element, name: string): string | null {
  return element.attrs.find((attr) => attr.name === name)?.value ?? null;
}

function titleOf(title: Element): string | null {
  const text = title.childNodes.map((node) => ('value' in node ? node.value : ''));
  const line = oneLine(text.join('')).slice(0, TITLE_CHARS).toWellFormed();
  return line === '' ? null : line;
}
