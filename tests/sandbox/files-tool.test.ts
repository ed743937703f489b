import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openFileToolBench, spaceOf, type FileToolBench } from './tool-bench.ts';
import type { FileStore } from '../../db/stores/file-store.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { JsonObject } from '../../contracts/json.ts';

interface TextPiece {
  readonly text: string;
  readonly nextLine?: number;
}

interface BytesPiece {
  readonly base64: string;
  readonly nextOffset?: number;
}

let bench: FileToolBench;
let files: FileStore;
let newRun: FileToolBench['newRun'];
let server: Server;
let host = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/data') response.end(Buffer.from([0, 1, 2, 255]));
    else if (request.url === '/endless') {
      const piece = Buffer.alloc(1_048_576);
      const pump = (): void => {
        while (response.write(piece));
      };
      response.on('drain', pump);
      pump();
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  bench = await openFileToolBench([host]);
  ({ files, newRun } = bench);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await bench.close();
});

describe('tools for files', () => {
  test('write, read, edit, list, search and remove', async () => {
    const { ann } = await newRun();
    expect(await ann('write_file', { path: 'src/a.py', content: 'x = 1\ny = 2\n' })).toEqual({
      path: 'src/a.py',
      version: 1,
      sizeBytes: 12,
    });
    await ann('write_file', { path: 'b.txt', content: 'b' });
    const edit = { path: 'src/a.py', find: 'y = 2', replace: 'y = 3' };
    expect(await ann('edit_file', edit)).toMatchObject({ version: 2 });
    expect(await ann('read_file', { path: 'src/a.py' })).toEqual({
      path: 'src/a.py',
      version: 2,
      text: 'x = 1\ny = 3\n',
      fromLine: 1,
      totalLines: 2,
    });
    expect(await ann('list_files', {})).toEqual({
      files: [
        { path: 'b.txt', version: 1, sizeBytes: 1 },
        { path: 'src/a.py', version: 2, sizeBytes: 12 },
      ],
    });
    expect(await ann('list_files', { folder: 'src/' })).toMatchObject({
      files: [{ path: 'src/a.py' }],
    });
    expect(await ann('search_files', { pattern: '^y', regex: true })).toEqual({
      matches: [{ path: 'src/a.py', line: 2, text: 'y = 3' }],
    });
    expect(await ann('remove_file', { path: 'src' })).toEqual({ removed: ['src/a.py'] });
    await expect(ann('read_file', { path: 'src/a.py' })).rejects.toMatchObject({
      code: 'file.not_found',
    });
    await expect(ann('remove_file', { path: 'src' })).rejects.toMatchObject({
      code: 'file.not_found',
    });
  });

  test('show versions, compare them and go back', async () => {
    const { ann, bob } = await newRun();
    await ann('write_file', { path: 'a', content: 'one\n' });
    await bob('edit_file', { path: 'a', find: 'one', replace: 'two' });
    expect(await ann('file_history', { path: 'a' })).toMatchObject({
      versions: [
        { version: 2, by: 'bob' },
        { version: 1, by: 'ann' },
      ],
    });
    expect(await ann('file_diff', { path: 'a' })).toMatchObject({
      diff: expect.stringContaining('-one\n+two\n'),
    });
    expect(await ann('file_rollback', { path: 'a', version: 1 })).toEqual({
      path: 'a',
      version: 3,
      like: 1,
    });
    expect(await ann('read_file', { path: 'a' })).toMatchObject({ version: 3, text: 'one\n' });
    expect(await ann('read_file', { path: 'a', version: 2 })).toMatchObject({ text: 'two\n' });
    await ann('remove_file', { path: 'a' });
    const back = await ann('file_rollback', { path: 'a', version: 2, expectedVersion: 4 });
    expect(back).toMatchObject({ version: 5 });
  });

  test('read long files in pieces that give the whole', async () => {
    const { ann } = await newRun();
    const text = Array.from({ length: 20_000 }, (_, index) => `line ${index}\r\n`).join('');
    await ann('write_file', { path: 'long', content: text });
    const pieces: string[] = [];
    let fromLine: number | null = 1;
    while (fromLine !== null) {
      const piece = (await ann('read_file', { path: 'long', fromLine })) as unknown as TextPiece;
      pieces.push(piece.text);
      fromLine = piece.nextLine ?? null;
    }
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(text);
    const two = await ann('read_file', { path: 'long', fromLine: 3, lines: 2 });
    expect(two).toMatchObject({ text: 'line 2\r\nline 3\r\n', nextLine: 5, totalLines: 20_000 });
  });

  test('keep bytes that are no text, and read them in pieces', async () => {
    const { ann } = await newRun();
    const bytes = Buffer.alloc(LIMITS.fileReadBytes + 10, 7);
    bytes[0] = 0;
    const content = bytes.toString('base64');
    await ann('write_file', { path: 'x.bin', content, encoding: 'base64' });
    const first = (await ann('read_file', { path: 'x.bin' })) as unknown as BytesPiece;
    const offset = first.nextOffset ?? 0;
    const rest = (await ann('read_file', { path: 'x.bin', offset })) as unknown as BytesPiece;
    const both = [first, rest].map(({ base64 }) => Buffer.from(base64, 'base64'));
    expect(Buffer.concat(both).equals(bytes)).toBe(true);
    expect(rest.nextOffset).toBeUndefined();
    const bad = { path: 'y', content: 'no base64!', encoding: 'base64' };
    await expect(ann('write_file', bad)).rejects.toMatchObject({ code: 'tool.invalid_arguments' });
    const edit = { path: 'x.bin', find: 'a', replace: 'b' };
    await expect(ann('edit_file', edit)).rejects.toMatchObject({ code: 'tool.refused' });
  });

  test('download into a file, within the limits of http_get and of files', async () => {
    const { ann } = await newRun();
    const data = { url: `http://${host}/data`, path: 'in/data' };
    expect(await ann('download_file', data)).toMatchObject({ version: 1, sizeBytes: 4 });
    expect(await ann('read_file', { path: 'in/data' })).toMatchObject({ base64: 'AAEC/w==' });
    for (const [url, reason] of [
      [`http://${host}/missing`, 'status 404'],
      [`http://${host}/endless`, 'larger than'],
      ['http://169.254.169.254/latest', 'not public'],
      ['file:///etc/passwd', 'only http'],
    ] as const) {
      await expect(ann('download_file', { url, path: 'other' })).rejects.toMatchObject({
        code: 'tool.refused',
        message: expect.stringContaining(reason),
      });
    }
  });

  test.each([
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    './a',
    'a\0b',
    'x'.repeat(300),
    `a/${'x'.repeat(300)}`,
  ])('refuse the path %j wherever one is taken', async (path) => {
    const { ann } = await newRun();
    const calls: readonly (readonly [string, JsonObject])[] = [
      ['read_file', {}],
      ['write_file', { content: '' }],
      ['edit_file', { find: 'a', replace: 'b' }],
      ['remove_file', {}],
      ['download_file', { url: `http://${host}/data` }],
      ['file_history', {}],
      ['file_diff', {}],
      ['file_rollback', { version: 1 }],
      ['lock_file', {}],
      ['unlock_file', { fencingToken: 1 }],
    ];
    for (const [name, args] of calls) {
      await expect(ann(name, { path, ...args })).rejects.toMatchObject({ code: 'file.bad_path' });
    }
  });

  test('neither follow links nor write through them', async () => {
    const { run, ann } = await newRun();
    const link = { kind: 'link', path: 'out', target: '/etc' } as const;
    await files.write(spaceOf(run), link, { actor: 'sandbox' });
    const refused = { code: 'file.bad_path' };
    await expect(ann('read_file', { path: 'out' })).rejects.toMatchObject(refused);
    await expect(ann('write_file', { path: 'out', content: '' })).rejects.toMatchObject(refused);
    const below = { path: 'out/passwd', content: '', overwrite: true };
    await expect(ann('write_file', below)).rejects.toMatchObject(refused);
    expect(await ann('list_files', {})).toEqual({
      files: [{ path: 'out', kind: 'link', target: '/etc' }],
    });
  });
});

describe('a repeated call', () => {
  test.each([
    ['write_file', { path: 'a', content: 'new' }],
    ['edit_file', { path: 'a', find: 'old', replace: 'new' }],
    ['edit_file', { path: 'a', find: 'old', replace: 'old old', all: true }],
    ['remove_file', { path: 'a' }],
    ['file_rollback', { path: 'a', version: 1 }],
  ] as const)('of %s with %j writes once', async (name, args) => {
    const { run, ann } = await newRun();
    await ann('write_file', { path: 'a', content: 'old' });
    const before = await files.lastRevision(spaceOf(run));
    const same = { idempotencyKey: 'same' };
    const first = await ann(name, args, same);
    expect(await ann(name, args, same)).toEqual(first);
    expect(await files.lastRevision(spaceOf(run))).toBe(before + 1);
  });

  test('of download_file answers as the first did, also if the server does not any more', async () => {
    const { ann } = await newRun();
    const same = { idempotencyKey: 'same' };
    await ann('download_file', { url: `http://${host}/data`, path: 'a' }, same);
    const again = await ann('download_file', { url: `http://${host}/gone`, path: 'a' }, same);
    expect(again).toEqual({ path: 'a', version: 1, sizeBytes: 4 });
  });
});
