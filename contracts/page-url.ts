import type { CrawlBounds } from './crawl.ts';

/** Longer addresses are no documents' sources. */
const URL_CHARS = 2_000;
const ESCAPE = /%([0-9a-f]{2})/gi;
const UNRESERVED = /^[\w.~-]$/;

/** A link's address as crawls know it; null where it leads to nothing that could be asked for. */
export function toPageUrl(href: string, base: string): string | null {
  const url = URL.parse(href, base);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return null;
  if (url.username !== '' || url.password !== '') return null;
  url.hash = '';
  url.pathname = plainEscapes(url.pathname);
  const text = url.href;
  return text.length > URL_CHARS ? null : text;
}

/** Whether the page belongs to the crawl; its start page always does. */
export function isWithin(pageUrl: string, bounds: CrawlBounds): boolean {
  if (pageUrl === bounds.url) return true;
  const [url, start] = [new URL(pageUrl), new URL(bounds.url)];
  if (url.origin !== start.origin) return false;
  const path = pathOf(url);
  const begins = (prefix: string): boolean => path.startsWith(plainEscapes(prefix));
  if (bounds.exclude.some(begins)) return false;
  const include = bounds.include.length > 0 ? bounds.include : [folderOf(start.pathname)];
  return include.some(begins);
}

/** What prefixes and rules speak of: the path with the query. */
export function pathOf({ pathname, search }: URL): string {
  return plainEscapes(`${pathname}${search}`);
}

/**
 * With every character written in one way, so that a path that is spelt differently is not another one:
 * plain where it may be, else escaped in upper case.
 */
export function plainEscapes(path: string): string {
  const ascii = path.toWellFormed().replaceAll(/[^\x21-\x7e]+/gu, encodeURIComponent);
  return ascii.replaceAll(ESCAPE, (escape, hex: string) => {
    const plain = String.fromCharCode(parseInt(hex, 16));
    return UNRESERVED.test(plain) ? plain : escape.toUpperCase();
  });
}

function folderOf(pathname: string): string {
  return pathname.slice(0, pathname.lastIndexOf('/') + 1);
}
