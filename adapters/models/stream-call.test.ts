import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import type { ModelDelta } from './delta.ts';
import { streamCall, type StreamCall } from './stream-call.ts';

const PIECE: ModelDelta = { text: 'a', toolCalls: [], finishReason: null, usage: null };

function callOf(parts: Partial<StreamCall>): StreamCall {
  return {
    open: async () => pieces(),
    onDelta: () => undefined,
    signal: new AbortController().signal,
    silenceMs: 60_000,
    model: 'openai:x',
    toError: (_error, streaming) =>
      new AppError(streaming ? 'model.stream_cut' : 'model.unavailable', 'mapped'),
    ...parts,
  };
}

async function* pieces(): AsyncGenerator<ModelDelta> {
  yield PIECE;
  yield PIECE;
}

async function never<T>(): Promise<T> {
  return Promise.withResolvers<T>().promise;
}

describe('a streamed call', () => {
  test('passes every piece on and closes the connection', async () => {
    const seen: ModelDelta[] = [];
    let connection: AbortSignal | undefined;
    const open = async (signal: AbortSignal) => {
      connection = signal;
      return pieces();
    };
    await streamCall(callOf({ open, onDelta: (delta) => seen.push(delta) }));
    expect(seen).toEqual([PIECE, PIECE]);
    expect(connection?.aborted).toBe(true);
  });

  test('fails by silence before the first piece', async () => {
    const call = streamCall(callOf({ open: never, silenceMs: 5 }));
    await expect(call).rejects.toMatchObject({ code: 'model.silent' });
  });

  test('fails by silence after a piece, and closes the connection', async () => {
    let connection: AbortSignal | undefined;
    const open = async (signal: AbortSignal) => {
      connection = signal;
      return (async function* () {
        yield PIECE;
        await never();
      })();
    };
    const call = streamCall(callOf({ open, silenceMs: 5 }));
    await expect(call).rejects.toMatchObject({ code: 'model.silent' });
    expect(connection?.aborted).toBe(true);
  });

  test('rejects with the reason of an abort that the vendor ignores', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const call = streamCall(callOf({ open: never, signal: stop.signal }));
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('rejects with the reason of an abort that the vendor takes for an end', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const open = async () =>
      (async function* () {
        yield PIECE;
        stop.abort(reason);
      })();
    await expect(streamCall(callOf({ open, signal: stop.signal }))).rejects.toBe(reason);
  });

  test('tells a failure before the answer from one within it', async () => {
    const early = streamCall(callOf({ open: async () => Promise.reject(new Error('no')) }));
    await expect(early).rejects.toMatchObject({ code: 'model.unavailable' });
    const open = async () =>
      (async function* () {
        yield PIECE;
        throw new Error('no');
      })();
    await expect(streamCall(callOf({ open }))).rejects.toMatchObject({ code: 'model.stream_cut' });
  });

  test('passes on what the receiver of a piece throws', async () => {
    const failure = new Error('the receiver failed');
    const onDelta = () => {
      throw failure;
    };
    await expect(streamCall(callOf({ onDelta }))).rejects.toBe(failure);
  });
});
