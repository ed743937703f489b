import { describe, expect, test } from '@jest/globals';
import { isWithin, toPageUrl } from './page-url.ts';

const BASE = 'https://a.org/docs/intro.html';

describe('an address of a link', () => {
  test.each([
    ['next.html', 'https://a.org/docs/next.html'],
    ['/x#part', 'https://a.org/x'],
    ['?page=2#x', 'https://a.org/docs/intro.html?page=2'],
    ['//b.org:443/', 'https://b.org/'],
    ['../%7ejoe/%c3%a4', 'https://a.org/~joe/%C3%A4'],
    ['/pub/../priv%61te', 'https://a.org/private'],
    ['', BASE],
    ['mailto:a@b.org', null],
    ['javascript:alert(1)', null],
    ['ftp://a.org/', null],
    ['https://u:p@a.org/', null],
    ['http://', null],
    [`/${'x'.repeat(2_000)}`, null],
  ])('%j is %j', (href, url) => {
    expect(toPageUrl(href, BASE)).toBe(url);
  });
});

describe('a page is within a crawl', () => {
  const bounds = { url: BASE, maxPages: 1, maxDepth: 1, include: [], exclude: [] };

  test.each([
    ['https://a.org/docs/x', true],
    ['https://a.org/docs/', true],
    ['https://a.org/docs', false],
    ['https://a.org/documents/', false],
    ['http://a.org/docs/x', false],
    ['https://a.org:8443/docs/x', false],
    ['https://www.a.org/docs/x', false],
  ])('by the folder of its start page: %s, %j', (url, expected) => {
    expect(isWithin(url, bounds)).toBe(expected);
  });

  test.each([
    [BASE, true],
    ['https://a.org/docs/x', false],
    ['https://a.org/blog/x', true],
    ['https://a.org/blog/old/x', false],
    ['https://a.org/blog?print=1', false],
    ['https://a.org/b%6cog/x', true],
    ['https://b.org/blog/x', false],
  ])('by prefixes, of which those that exclude go first: %s, %j', (url, expected) => {
    const named = { include: ['/blog'], exclude: ['/blog/old', '/blog?print'] };
    expect(isWithin(toPageUrl(url, BASE) ?? '', { ...bounds, ...named })).toBe(expected);
  });
});
