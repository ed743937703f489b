import { toNetworkError } from './transport.ts';

/** How a body is read. */
export interface ReadOptions {
  /** Silence after which the connection counts as lost. */
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The body as text, piece by piece as it arrives. Throws `client.network` when the connection breaks
 * or falls silent: a peer that vanished without a word never ends a read by itself.
 */
export async function* readText(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ReadOptions,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const piece = await readWithin(reader, options);
      if (piece.done) return;
      yield decoder.decode(piece.value, { stream: true });
    }
  } catch (error) {
    throw toNetworkError(error, options.signal);
  } finally {
    // Also reached when the caller stops reading: the connection is given back.
    await reader.cancel().catch(() => undefined);
  }
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  { silenceMs, signal }: ReadOptions,
): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  const stop = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    stop.signal.addEventListener('abort', () => {
      reject(new Error('the connection fell silent or was given up'));
    });
  });
  const abort = (): void => {
    stop.abort();
  };
  const timer = setTimeout(abort, silenceMs);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([reader.read(), stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
