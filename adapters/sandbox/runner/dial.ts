import { Duplex } from 'node:stream';
import { AppError } from '../../../contracts/app-error.ts';
import type { Connector } from './connector.ts';
import { FRAME, type Frame } from './frame.ts';
import type { Channel, Link } from './link.ts';
import { toFailure } from './parse.ts';

const PIECE_BYTES = 1 << 16;

/** A connection to a port inside; it ends with its link, as a connection would with its wire. */
export function dial(connector: Connector, port: number): Promise<Duplex> {
  return connector.run(async (link) => new DialStream(link, port).connected);
}

class DialStream extends Duplex {
  readonly connected: Promise<Duplex>;
  readonly #answered = Promise.withResolvers<Duplex>();
  readonly #channel: Channel;
  #credit = 0;
  #waiting: { rest: Buffer; done: (error?: Error | null) => void } | null = null;
  #ungranted = 0;
  #over = false;

  constructor(link: Link, port: number) {
    super({ allowHalfOpen: true });
    this.connected = this.#answered.promise;
    // Without a listener, an error before or after the answer would end the process.
    this.on('error', () => undefined);
    this.#channel = link.request(
      { op: 'dial', port },
      { onFrame: (frame) => this.#onFrame(frame), onLost: () => this.#onLost() },
    );
  }

  override _read(): void {
    this.#channel.grant(this.#ungranted);
    this.#ungranted = 0;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#waiting = { rest: bytes, done };
    this.#sendOn();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.send(FRAME.end);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#over = true;
    this.#channel.close();
    done(error);
  }

  #onFrame(frame: Frame): void {
    if (frame.type === FRAME.answer) {
      this.#answered.resolve(this);
    } else if (frame.type === FRAME.credit && frame.payload.length === 4) {
      this.#credit += frame.payload.readUInt32BE();
      this.#sendOn();
    } else if (frame.type === FRAME.data) {
      this.#ungranted += frame.payload.length;
      if (this.push(frame.payload)) this._read();
    } else if (frame.type === FRAME.end) {
      this.push(null);
    } else if (frame.type === FRAME.fail) {
      this.#fail(toFailure(frame.payload));
    }
  }

  #sendOn(): void {
    while (this.#waiting !== null && this.#credit > 0) {
      const { rest, done } = this.#waiting;
      const size = Math.min(this.#credit, PIECE_BYTES, rest.length);
      this.#channel.send(FRAME.data, rest.subarray(0, size));
      this.#credit -= size;
      this.#waiting = size === rest.length ? null : { rest: rest.subarray(size), done };
      if (this.#waiting === null) done();
    }
  }

  #onLost(): void {
    if (!this.#over) this.#fail(new AppError('sandbox.unavailable', 'the connection was lost'));
  }

  #fail(error: AppError): void {
    this.#answered.reject(error);
    this.#over = true;
    this.destroy(error);
  }
}
