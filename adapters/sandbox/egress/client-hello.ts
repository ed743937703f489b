/** What the first bytes of a connection are; `incomplete` asks for more of them. */
export type ClientHello =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | {
      readonly kind: 'hello';
      /** Null if the client names no host. */
      readonly serverName: string | null;
      /** An encrypted hello inside names another host that nobody else can see. */
      readonly encrypted: boolean;
    };

/** Real ones have up to 2 KB, with post-quantum keys. */
const MAX_HELLO_BYTES = 16_384;
const MAX_RECORD_BYTES = 16_384;
/** Bounds the work that one connection can cause. */
const MAX_RECORDS = 32;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0x0000;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Reads a TLS ClientHello from a connection's first bytes, however its records are cut. */
export function readClientHello(bytes: Buffer): ClientHello {
  try {
    const message = joinRecords(bytes);
    if (message === null) return { kind: 'incomplete' };
    return readMessage(new Reader(message));
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Malformed ? error.message : 'unreadable' };
  }
}

class Malformed extends Error {}

/** The handshake message without its header, or null while parts are missing. */
function joinRecords(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let held = 0;
  for (let at = 0; ;) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE) throw new Malformed('not TLS');
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) throw new Malformed('not TLS');
    if (bytes.length < at + 5) return null;
    const size = bytes.readUInt16BE(at + 3);
    if (size === 0 || size > MAX_RECORD_BYTES) throw new Malformed('a record of impossible size');
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    held += part.length;
    const message = takeMessage(Buffer.concat(parts));
    if (message !== null) return message;
    if (part.length < size) return null;
    if (held > MAX_HELLO_BYTES) throw new Malformed('a hello that is too long');
    if (parts.length === MAX_RECORDS) throw new Malformed('a hello in too many pieces');
    at += 5 + size;
  }
}

function takeMessage(joined: Buffer): Buffer | null {
  if (joined.length > 0 && joined[0] !== CLIENT_HELLO) throw new Malformed('no ClientHello');
  if (joined.length < 4) return null;
  const size = joined.readUIntBE(1, 3);
  if (size > MAX_HELLO_BYTES) throw new Malformed('a hello that is too long');
  return joined.length < 4 + size ? null : joined.subarray(4, 4 + size);
}

function readMessage(hello: Reader): ClientHello {
  hello.skip(2 + 32);
  hello.block(1);
  hello.block(2);
  hello.block(1);
  const names: string[] = [];
  let encrypted = false;
  const seen = new Set<number>();
  const extensions = hello.atEnd() ? new Reader(Buffer.alloc(0)) : hello.block(2);
  while (!extensions.atEnd()) {
    const type = extensions.number(2);
    const body = extensions.block(2);
    // Two of one kind could be read differently by the server.
    if (seen.has(type)) throw new Malformed('a repeated extension');
    seen.add(type);
    if (type === SERVER_NAME) names.push(...readServerNames(body));
    if (type === ENCRYPTED_CLIENT_HELLO) encrypted = true;
  }
  if (!hello.atEnd()) throw new Malformed('bytes after the extensions');
  if (names.length > 1) throw new Malformed('several server names');
  return { kind: 'hello', serverName: names[0] ?? null, encrypted };
}

function readServerNames(body: Reader): readonly string[] {
  const list = body.block(2);
  const names: string[] = [];
  while (!list.atEnd()) {
    const type = list.number(1);
    const name = list.block(2);
    if (type !== 0) throw new Malformed('an unknown kind of server name');
    names.push(name.rest().toString('latin1'));
  }
  if (!body.atEnd()) throw new Malformed('bytes after the server names');
  return names;
}

/** Reads on from the beginning and throws at the end, never beyond it. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  skip(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw new Malformed('a hello that ends too early');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  number(size: 1 | 2): number {
    return this.skip(size).readUIntBE(0, size);
  }

  /** What follows a length of so many bytes. */
  block(lengthSize: 1 | 2): Reader {
    return new Reader(this.skip(this.number(lengthSize)));
  }

  rest(): Buffer {
    return this.skip(this.#bytes.length - this.#at);
  }
}
