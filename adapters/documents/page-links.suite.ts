import { describe, expect, test } from '@jest/globals';
import type { DocumentParser } from './port.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { PageLinks } from '../../contracts/page-links.ts';

const HTML = { mediaType: 'text/html; charset=utf-8', name: 'https://a.org/' };
const MANY = LIMITS.linksPerPage;

/** What every parser reads of where a page leads. */
export function pageLinksSuite(name: string, open: () => DocumentParser): void {
  const links = (html: string, mediaType = HTML.mediaType): Promise<PageLinks> =>
    open().links(Buffer.from(html), { ...HTML, mediaType });

  describe(`${name}: where a page leads`, () => {
    test('is what its links say, each once, in order', async () => {
      const html = `<title> The
        page </title><base href="/b/"><base href="/c/"><nav><a href=" a#x ">a</a></nav>
        <a href="a#y">again</a><area href="?q=ä"><a>none</a><a href="">self</a><a href="#top">top</a>
        <a rel="author NoFollow" href="no">no</a><link href="style.css"><template><a href="t"></template>
        <noscript><a href="plain">p</a></noscript><a href="${'x'.repeat(2_001)}">long</a>`;
      expect(await links(html)).toEqual({
        ...{ title: 'The page', base: '/b/', hrefs: ['a', '?q=ä', 'plain'] },
        ...{ noindex: false, nofollow: false },
      });
    });

    test.each([
      ['<meta name=robots content="noindex">', true, false],
      ['<meta name="ROBOTS" content="index, NoFollow">', false, true],
      ['<meta name=holdfast content=none>', true, true],
      ['<meta name=otherbot content=none>', false, false],
      ['<meta name=robots content=noarchive>', false, false],
      ['<meta name=robots>', false, false],
    ])('heeds %s', async (html, ...[noindex, nofollow]) => {
      expect(await links(html)).toMatchObject({ noindex, nofollow });
    });

    test('is told of a page that nests deeply, and of so many links', async () => {
      const anchors = Array.from({ length: MANY + 1 }, (_, n) => `<a href="p${n}">`).join('<div>');
      const { hrefs } = await links(`${'<div>'.repeat(20_000)}${anchors}`);
      expect([hrefs.length, hrefs.at(-1)]).toEqual([MANY, `p${MANY - 1}`]);
    });

    test('is nothing for a page without any, and cannot be told of what is no text', async () => {
      const none = { title: null, base: null, hrefs: [], noindex: false, nofollow: false };
      expect(await links('')).toEqual(none);
      await expect(links('a\0b')).rejects.toMatchObject({ code: 'knowledge.unreadable' });
    });

    test.each<[string, string, string | null]>([
      ['text/html', 'x', 'html'],
      ['application/xhtml+xml; charset=utf-8', 'x', 'html'],
      ['application/octet-stream', 'https://a.org/a.pdf?x', 'pdf'],
      ['text/css', 'x', 'text'],
      ['image/png', 'x.html', null],
      ['application/zip', 'x', null],
    ])('%s of %s is read as %j', (mediaType, name, format) => {
      expect(open().formatOf({ mediaType, name })).toBe(format);
    });
  });
}
