import { expect, test } from '@jest/globals';
import { readableHtml } from './readable-html.ts';

const BASE = 'https://example.com/docs/';

test('keeps what a reader sees', () => {
  const html = `<!doctype html><html><head><title> The
    page </title><style>p { color: red }</style></head>
    <body><!-- <p>hidden</p> --><h1>Head</h1><p>One  &lt;two&gt; &#8364; &unknown;</p>
    <script>alert("<p>no</p>")</script><ul><li>a<li>b</ul>1 < 2</body></html>`;
  expect(readableHtml(html, BASE)).toEqual({
    title: 'The page',
    text: 'Head\nOne <two> € &unknown;\na\nb\n1 < 2',
    links: [],
  });
});

test('lists links that can be followed', () => {
  const html = `<a href="a.html">A</a> <a class=x href='/b'>B <b>bold</b></a> <a href=c>C</a>
    <a href="javascript:alert(1)">no</a> <a href="mailto:x@y">no</a> <a name="d">no</a>`;
  expect(readableHtml(html, BASE).links).toEqual([
    { text: 'A', url: 'https://example.com/docs/a.html' },
    { text: 'B bold', url: 'https://example.com/b' },
    { text: 'C', url: 'https://example.com/docs/c' },
  ]);
});

test.each([
  ['unclosed tags', '<p'.repeat(200_000)],
  ['stray signs', '< '.repeat(200_000)],
  ['unclosed scripts', '<script>'.repeat(100_000)],
  ['half closed scripts', `<script>${'</script '.repeat(100_000)}`],
  ['unclosed comments', '<!--'.repeat(100_000)],
  ['anchors', '<a href="x">'.repeat(50_000)],
])('reads hostile input in one pass: %s', (_name, html) => {
  expect(readableHtml(html, BASE).title).toBe('');
});
