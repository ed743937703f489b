import { describe, expect, test } from '@jest/globals';
import { createSseParser, type SseFrame } from './sse-parser.ts';

interface Row {
  readonly title: string;
  readonly chunks: readonly string[];
  readonly frames: readonly Partial<SseFrame>[];
}

const ROWS: readonly Row[] = [
  {
    title: 'reads event, id and data',
    chunks: ['event: step.started\nid: 7\ndata: {"a":1}\n\n'],
    frames: [{ event: 'step.started', lastId: '7', data: '{"a":1}' }],
  },
  {
    title: 'joins a frame cut anywhere',
    chunks: Array.from('id: 12.3\nevent: token\ndata: hello\n\n'),
    frames: [{ event: 'token', lastId: '12.3', data: 'hello' }],
  },
  {
    title: 'joins several data lines with line feeds',
    chunks: ['data: one\ndata\ndata: three\n\n'],
    frames: [{ data: 'one\n\nthree' }],
  },
  {
    title: 'takes CR, LF and CRLF as line ends',
    chunks: ['data: a\r\n\r\ndata: b\r\rdata: c\n\n'],
    frames: [{ data: 'a' }, { data: 'b' }, { data: 'c' }],
  },
  {
    title: 'counts a CRLF cut between two chunks once',
    chunks: ['data: a\r', '\ndata: b\r', '\n\r', '\n', 'data: c\n\n'],
    frames: [{ data: 'a\nb' }, { data: 'c' }],
  },
  {
    title: 'counts a CRLF cut by an empty chunk once',
    chunks: ['data: a\r', '', '\ndata: b\n\n'],
    frames: [{ data: 'a\nb' }],
  },
  {
    title: 'ignores comments and unknown fields',
    chunks: [': heartbeat\n\n:\nretry: 10\nfoo: bar\ndata: x\n\n'],
    frames: [{ event: 'message', data: 'x' }],
  },
  {
    title: 'drops a byte order mark at the start only',
    chunks: ['\uFEFFdata: \uFEFFx\n\n'],
    frames: [{ data: '\uFEFFx' }],
  },
  {
    title: 'removes one leading space of a value and no more',
    chunks: ['data:  two\ndata:none\n\n'],
    frames: [{ data: ' two\nnone' }],
  },
  {
    title: 'keeps the id for later frames until it is set again',
    chunks: ['id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n'],
    frames: [{ lastId: '1' }, { lastId: '1' }, { lastId: '' }],
  },
  {
    title: 'refuses an id with a null character',
    chunks: ['id: 1\n\nid: 2\0\ndata: a\n\n'],
    frames: [{ lastId: '1' }],
  },
  {
    title: 'forgets the event name of a frame without data',
    chunks: ['event: lost\n\ndata: x\n\n'],
    frames: [{ event: 'message', data: 'x' }],
  },
  { title: 'never dispatches an unfinished frame', chunks: ['data: x\n'], frames: [] },
];

describe('sse parser', () => {
  test.each(ROWS)('$title', ({ chunks, frames }) => {
    const parser = createSseParser();
    const parsed = chunks.flatMap((chunk) => parser.push(chunk));
    expect(parsed).toHaveLength(frames.length);
    expect(parsed).toMatchObject(frames);
  });

  test('gives the same frames wherever the text is cut', () => {
    const text = '\uFEFFid: 1\r\nevent: e\r\ndata: a\r\n\r\n: c\rdata: b\r\rdata: c\n\n';
    const whole = createSseParser().push(text);
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parser = createSseParser();
      const frames = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
      expect(frames).toEqual(whole);
    }
  });
});
