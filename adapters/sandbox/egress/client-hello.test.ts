import { describe, expect, test } from '@jest/globals';
import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';
import { readClientHello } from './client-hello.ts';

/** What a real client of these options says first. */
function helloOf(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(Buffer.from(chunk));
        done();
      },
    });
    const client = connect({ ...options, socket });
    client.on('error', () => client.destroy());
    socket.on('error', () => undefined);
  });
}

const record = (payload: Buffer) =>
  Buffer.concat([Buffer.from([22, 3, 1, payload.length >> 8, payload.length & 255]), payload]);

/** A hello with these extensions, of which each is a type and a body. */
function madeUp(extensions: readonly (readonly [number, Buffer])[]): Buffer {
  const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
  const parts = extensions.flatMap(([type, body]) => [u16(type), u16(body.length), body]);
  const block = Buffer.concat(parts);
  const fixed = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([0])]);
  const ciphers = Buffer.from([0, 2, 0x13, 1, 1, 0]);
  const message = Buffer.concat([fixed, ciphers, u16(block.length), block]);
  return record(Buffer.concat([Buffer.from([1, 0]), u16(message.length), message]));
}

const named = (name: string) => {
  const bytes = Buffer.from(name);
  const list = Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 255]), bytes]);
  return Buffer.concat([Buffer.from([list.length >> 8, list.length & 255]), list]);
};

describe('a hello of a real client', () => {
  test.each([
    ['of TLS 1.3', { minVersion: 'TLSv1.3' as const }],
    ['of TLS 1.2', { maxVersion: 'TLSv1.2' as const }],
    ['with protocols', { ALPNProtocols: ['h2', 'http/1.1'] }],
  ])('%s names its host', async (_title, options) => {
    const bytes = await helloOf({ servername: 'api.example.com', ...options });
    expect(readClientHello(bytes)).toEqual({
      kind: 'hello',
      serverName: 'api.example.com',
      encrypted: false,
    });
  });

  test('may name none', async () => {
    expect(readClientHello(await helloOf({}))).toMatchObject({ serverName: null });
  });

  test('is incomplete at each byte before its last, and whole however many follow', async () => {
    const bytes = await helloOf({ servername: 'a.test' });
    for (let size = 0; size < bytes.length; size += 1) {
      expect(readClientHello(bytes.subarray(0, size)).kind).toBe('incomplete');
    }
    const more = Buffer.concat([bytes, Buffer.from('more')]);
    expect(readClientHello(more)).toMatchObject({ kind: 'hello', serverName: 'a.test' });
  });

  test('is read across records, wherever they are cut', async () => {
    const message = (await helloOf({ servername: 'split.test' })).subarray(5);
    for (const at of [1, 3, 4, 5, 50, message.length - 1]) {
      const cut = [record(message.subarray(0, at)), record(message.subarray(at))];
      expect(readClientHello(Buffer.concat(cut))).toMatchObject({ serverName: 'split.test' });
    }
  });
});

describe('a hello that was made up', () => {
  test('tells of an encrypted one inside', () => {
    const bytes = madeUp([
      [0, named('outer.test')],
      [0xfe0d, Buffer.from([0])],
    ]);
    expect(readClientHello(bytes)).toMatchObject({ serverName: 'outer.test', encrypted: true });
  });

  test.each([
    [
      'two extensions with names',
      madeUp([
        [0, named('a.test')],
        [0, named('b.test')],
      ]),
    ],
    [
      'two names in one',
      madeUp([
        [
          0,
          Buffer.concat([
            Buffer.from([0, 8]),
            Buffer.from([0, 0, 1, 97]),
            Buffer.from([0, 0, 1, 98]),
          ]),
        ],
      ]),
    ],
    ['a name longer than its list', madeUp([[0, Buffer.from([0, 4, 0, 0, 9, 97])]])],
    ['a record of no bytes', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too large', Buffer.from([22, 3, 1, 255, 255])],
    ['a message that is too large', record(Buffer.from([1, 1, 0, 0]))],
    ['another message', record(Buffer.from([2, 0, 0, 0]))],
    ['HTTP', Buffer.from('GET / HTTP/1.1')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    [
      'pieces without end',
      Buffer.concat(
        Array.from({ length: 40 }, (_, at) => record(Buffer.from([[1, 0, 16, 0][at] ?? 0]))),
      ),
    ],
  ])('is invalid with %s', (_title, bytes) => {
    expect(readClientHello(bytes).kind).toBe('invalid');
  });

  test('never throws, whatever its bytes are', async () => {
    const bytes = await helloOf({ servername: 'fuzz.test' });
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      expect(['hello', 'invalid', 'incomplete']).toContain(readClientHello(changed).kind);
    }
  });
});
