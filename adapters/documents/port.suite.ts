import { describe, expect, test } from '@jest/globals';
import type { DocumentParser } from './port.ts';
import { makeDocx } from './docx.fixture.ts';
import { makePdf } from './pdf.fixture.ts';
import { makeZip } from './zip.fixture.ts';
import { pageLinksSuite } from './page-links.suite.ts';
import type { ParsedDocument } from '../../contracts/parsed-document.ts';

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const PDF = 'application/pdf';
const COMPOUND_FILE = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** What every parser of documents does. */
export function documentParserSuite(name: string, open: () => DocumentParser): void {
  const parse = (
    bytes: Uint8Array | string,
    mediaType: string,
    file = '',
  ): Promise<ParsedDocument> => open().parse(Buffer.from(bytes), { mediaType, name: file });

  describe(`${name}: what is read`, () => {
    test.each<[string, string | Uint8Array, string]>([
      ['text', 'First.\n\n\n  Second\nline. \n', 'text/plain'],
      ['Markdown', '---\ntitle: A\n---\n# Head\n\nText\n\n- a\n- b\n\n    code\n', 'text/markdown'],
      ['HTML', '<h1>Head</h1><p>a<table><tr><td>x<td>y</table><ul><li>z</ul>', 'text/html'],
      ['PDF', makePdf([[{ text: 'Head', size: 20 }, { text: 'Text' }], [{ text: 'More' }]]), PDF],
      ['DOCX', makeDocx([{ heading: 1, text: 'Head' }, { text: 'a' }, { rows: [['x']] }]), DOCX],
    ])('%s: blocks hold all of the text, in order', async (_name, bytes, mediaType) => {
      const { text, blocks } = await parse(bytes, mediaType);
      let at = text.startsWith('---\n') ? text.indexOf('\n---\n') + 5 : 0;
      for (const { start, end } of blocks) {
        expect(text.slice(at, start).trim()).toBe('');
        expect(text.slice(start, end).trim()).not.toBe('');
        at = end;
      }
      expect(text.slice(at).trim()).toBe('');
    });

    test('Markdown has a title, headings with levels, tables and code', async () => {
      const source =
        '# The *guide*\r\n\r\nText\r\n\r\n## Use\r\n\r\n| a | b |\r\n|---|---|\r\n| 1 | 2 |\r\n\r\n```js\na\n\nb\n```';
      const { title, text, blocks } = await parse(source, 'application/octet-stream', 'a.md');
      expect(title).toBe('The *guide*');
      expect(
        blocks.map(({ kind, level, start, end }) => [kind, level, text.slice(start, end)]),
      ).toEqual([
        ['heading', 1, '# The *guide*'],
        ['paragraph', undefined, 'Text'],
        ['heading', 2, '## Use'],
        ['table', undefined, '| a | b |\n|---|---|\n| 1 | 2 |'],
        ['code', undefined, '```js\na\n\nb\n```'],
      ]);
    });

    test('HTML is what a reader sees', async () => {
      const html = `<!doctype html><title> The page </title><style>p{}</style><nav>Menu</nav>
        <h2>Head</h2><p>One <b>two</b> &euro; &lt;x&gt;<br>three<p hidden>no</p><script>alert(1)</script>
        <ul><li>a<li>b<ol><li>c</ol></ul><pre>  x\n    y</pre>
        <table><tr><th>k<th>v<tr><td>1<td><p>2</p></table><div>end</div>`;
      const { title, text } = await parse(html, 'text/html; charset=utf-8');
      expect(title).toBe('The page');
      expect(text).toBe(
        'Head\n\nOne two € <x> three\n\n- a\n- b\n  - c\n\n  x\n    y\n\nk | v\n1 | 2\n\nend',
      );
    });

    test('HTML names its encoding in its head, text begins with a mark, or is guessed', async () => {
      const latin = Buffer.from('<meta charset="iso-8859-1"><p>Gr\u00fc\u00dfe', 'latin1');
      expect((await parse(latin, 'text/html')).text).toBe('Gr\u00fc\u00dfe');
      const wide = Buffer.from('\ufeffGr\u00fc\u00dfe', 'utf16le');
      expect((await parse(wide, 'text/plain')).text).toBe('Gr\u00fc\u00dfe');
      expect((await parse(Buffer.from('Gr\u00fc\u00dfe', 'latin1'), 'text/plain')).text).toBe(
        'Gr\u00fc\u00dfe',
      );
    });

    test('PDF has pages, paragraphs, whole words and headings', async () => {
      const pdf = makePdf(
        [
          [
            { text: 'The report', size: 22 },
            { text: 'It is inter-', above: 1 },
            { text: 'national (and long).' },
            { text: 'A second paragraph.', above: 1 },
          ],
          [{ text: 'On the next page.' }],
        ],
        { title: 'Report' },
      );
      const { title, pages, text, blocks } = await parse(pdf, PDF);
      expect([title, pages]).toEqual(['Report', 2]);
      expect(
        blocks.map(({ kind, page, start, end }) => [kind, page, text.slice(start, end)]),
      ).toEqual([
        ['heading', 1, 'The report'],
        ['paragraph', 1, 'It is international (and long).'],
        ['paragraph', 1, 'A second paragraph.'],
        ['paragraph', 2, 'On the next page.'],
      ]);
    });

    test('DOCX has headings and tables', async () => {
      const docx = makeDocx([
        { heading: 1, text: 'Plan' },
        { text: 'Costs & <dates>' },
        { heading: 2, text: 'Costs' },
        {
          rows: [
            ['what', 'how much'],
            ['a', '1'],
          ],
        },
      ]);
      const { title, pages, text, blocks } = await parse(
        docx,
        'application/octet-stream',
        'p.docx',
      );
      expect([title, pages]).toEqual(['Plan', null]);
      expect(text).toBe('Plan\n\nCosts & <dates>\n\nCosts\n\nwhat | how much\na | 1');
      expect(blocks.map(({ level }) => level)).toEqual([1, undefined, 2, undefined]);
    });

    test('texts hold nothing that a database refuses', async () => {
      const { text } = await parse('<p>a&#0;b&#xD800;c', 'text/html');
      expect(text).not.toContain('\0');
      expect(text.isWellFormed()).toBe(true);
    });
  });

  pageLinksSuite(name, open);

  describe(`${name}: what is refused`, () => {
    const bomb = makeZip([{ name: 'word/document.xml', content: Buffer.alloc(300 * 1024 * 1024) }]);
    const liar = makeZip([
      { name: 'word/document.xml', content: Buffer.alloc(300 * 1024 * 1024), claims: 1_000 },
    ]);
    const locked = makeZip([{ name: 'word/document.xml', content: 'x', encrypted: true }]);
    const manyPages = makePdf(Array.from({ length: 5_001 }, () => []));
    const withKey = makePdf([[{ text: 'x' }]], {
      extra:
        '/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 ' +
        `/O <${'00'.repeat(32)}> /U <${'00'.repeat(32)}> >> /ID [<00> <00>]`,
    });

    test.each<[string, string | Uint8Array, string, string]>([
      ['nothing at all', '', 'text/plain', 'empty'],
      ['white space', ' \n\n\t', 'text/markdown', 'empty'],
      ['a page without text', '<script>x</script><img src=x>', 'text/html', 'empty'],
      ['a scan', makePdf([[], []]), PDF, 'empty'],
      ['a picture', '\x89PNG', 'image/png', 'unsupported_type'],
      ['bytes of no type', 'x', 'application/octet-stream', 'unsupported_type'],
      [
        'a program as text',
        Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]),
        'text/plain',
        'unreadable',
      ],
      ['an unknown encoding', 'x', 'text/plain; charset=klingon', 'unreadable'],
      ['a page as PDF', '<p>hello', PDF, 'unreadable'],
      ['half a PDF', '%PDF-1.4\nbroken', PDF, 'unreadable'],
      ['a PDF with a password', withKey, PDF, 'encrypted'],
      ['a PDF of too many pages', manyPages, PDF, 'too_large'],
      ['a page as DOCX', '<p>hello', DOCX, 'unreadable'],
      ['an archive as DOCX', makeZip([{ name: 'a', content: 'b' }]), DOCX, 'unreadable'],
      [
        'broken XML as DOCX',
        makeZip([{ name: 'word/document.xml', content: '<' }]),
        DOCX,
        'unreadable',
      ],
      ['an encrypted or old Word document', COMPOUND_FILE, DOCX, 'encrypted'],
      ['a DOCX with a password', locked, DOCX, 'encrypted'],
      ['an archive that unpacks to too much', bomb, DOCX, 'too_large'],
      ['an archive that lies about its size', liar, DOCX, 'unreadable'],
      ['too much text', 'a b\n'.repeat(2_100_000), 'text/plain', 'too_large'],
      ['quotations in quotations', '> '.repeat(20_000) + 'x', 'text/markdown', 'too_costly'],
    ])('%s', async (_name, ...[bytes, mediaType, reason]) => {
      await expect(parse(bytes, mediaType)).rejects.toMatchObject({ code: `knowledge.${reason}` });
    });

    test('pages that nest deeply are read as others are', async () => {
      const { text } = await parse(`${'<div>'.repeat(20_000)}x`, 'text/html');
      expect(text).toBe('x');
    });

    test('a call that is cancelled before it begins', async () => {
      const signal = AbortSignal.abort(new Error('stop'));
      const source = { mediaType: 'text/plain', name: '', signal };
      await expect(open().parse(Buffer.from('x'), source)).rejects.toThrow('stop');
    });
  });
}
