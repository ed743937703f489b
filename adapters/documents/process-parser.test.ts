import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { createProcessParser, type ProcessParserOptions } from './process-parser.ts';
import { documentParserSuite } from './port.suite.ts';
import { fileURLToPath } from 'node:url';
import { networkRemover } from './network-remover.ts';
import type { ParsedDocument } from '../../contracts/parsed-document.ts';
import { readdir, readFile } from 'node:fs/promises';

documentParserSuite('in a process of its own', createProcessParser);

const HOSTILE = fileURLToPath(new URL('./child/hostile.fixture.ts', import.meta.url));
const TEXT = { mediaType: 'text/plain', name: '' };

function attempt(deed: string, options: ProcessParserOptions = {}): Promise<ParsedDocument> {
  return createProcessParser({ main: HOSTILE, ...options }).parse(Buffer.from(deed), TEXT);
}

/** Ids of processes that run the hostile file now. */
async function hostileProcesses(): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
  return ids.filter((_, index) => lines[index]?.includes(HOSTILE));
}

describe('a parser that was taken over', () => {
  test.each([
    ['read a secret', 'restricted'],
    ['write a file', 'restricted'],
    ['start a process', 'restricted'],
    ['start a thread', 'restricted'],
    ['evaluate text', 'disallowed'],
    ['see the environment', 'empty'],
  ])('cannot %s', async (deed, reason) => {
    await expect(attempt(deed)).rejects.toThrow(new RegExp(`refused: .*${reason}`));
  });

  test('cannot use the network where the host can take it away', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const said = await attempt(`use the network:${port}`).catch((error: unknown) => error);
    server.close();
    const removed = (await networkRemover()).length > 0;
    expect(String(said)).toMatch(removed ? /refused: .*(ENETUNREACH|ECONNREFUSED)/ : /it could/);
  });

  test.each([
    ['fill the heap', 'knowledge.too_costly'],
    ['fill buffers', 'knowledge.too_costly'],
    ['run for ever', 'knowledge.too_costly'],
    ['talk for ever', 'knowledge.too_large'],
    ['talk nonsense', 'knowledge.parser_failed'],
  ])('cannot %s, and is gone afterwards', async (deed, code) => {
    const deadlineMs = deed === 'run for ever' ? 3_000 : 50_000;
    const limits = { deadlineMs, memoryMb: 128, outputBytes: 10_000_000 };
    await expect(attempt(deed, { limits })).rejects.toMatchObject({ code });
    expect(await hostileProcesses()).toEqual([]);
  });

  test('is ended when its caller gives up', async () => {
    const stop = new AbortController();
    const parser = createProcessParser({ main: HOSTILE });
    const parsing = parser.parse(Buffer.from('run for ever'), { ...TEXT, signal: stop.signal });
    const ended = parsing.catch((error: unknown) => error);
    while ((await hostileProcesses()).length === 0) await new Promise((go) => setTimeout(go, 20));
    stop.abort(new Error('given up'));
    expect(String(await ended)).toBe('Error: given up');
    expect(await hostileProcesses()).toEqual([]);
  });
});

test('no more documents are read at once than allowed, and who waits can give up', async () => {
  const parser = createProcessParser({ main: HOSTILE, concurrent: 1 });
  const stop = new AbortController();
  const first = parser
    .parse(Buffer.from('run for ever'), { ...TEXT, signal: stop.signal })
    .catch(String);
  while ((await hostileProcesses()).length === 0) await new Promise((go) => setTimeout(go, 20));
  const impatient = new AbortController();
  const second = parser
    .parse(Buffer.from('talk nonsense'), { ...TEXT, signal: impatient.signal })
    .catch(String);
  const third = parser.parse(Buffer.from('talk nonsense'), TEXT).catch(String);
  impatient.abort(new Error('no more waiting'));
  expect(await second).toBe('Error: no more waiting');
  expect(await hostileProcesses()).toHaveLength(1);
  stop.abort(new Error('done'));
  expect(await first).toBe('Error: done');
  expect(await third).toContain('no document');
});

test('a page that takes too long to be followed is given up', async () => {
  const parser = createProcessParser({ main: HOSTILE, limits: { deadlineMs: 500 } });
  const links = parser.links(Buffer.from('run for ever'), TEXT);
  await expect(links).rejects.toMatchObject({ code: 'knowledge.too_costly' });
});

test('an answer that was not asked for is none', async () => {
  const links = createProcessParser({ main: HOSTILE }).links(Buffer.from('talk nonsense'), TEXT);
  await expect(links).rejects.toMatchObject({ code: 'knowledge.parser_failed' });
});
