import { AppError } from '../../contracts/app-error.ts';
import type { ModelDelta } from './delta.ts';

/** One streamed call and what watches over it. */
export interface StreamCall {
  /** Begins the answer; the signal closes its connection. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<ModelDelta>>;
  readonly onDelta: (delta: ModelDelta) => void;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
  /** `provider:name`, for messages. */
  readonly model: string;
  /** What a failure of the vendor means, given whether the answer had begun. */
  readonly toError: (error: unknown, streaming: boolean) => AppError;
}

/**
 * Reads an answer to its end. Vendors' libraries react to an abort late, or end the stream as if all
 * were well: every wait is therefore a race against the abort and the silence, and whichever way the
 * call ends, the connection is closed.
 */
export async function streamCall(call: StreamCall): Promise<void> {
  call.signal.throwIfAborted();
  const connection = new AbortController();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const onAbort = (): void => stopped.reject(call.signal.reason);
  const onSilence = (): void => stopped.reject(silent(call));
  call.signal.addEventListener('abort', onAbort, { once: true });
  const silence = setTimeout(onSilence, call.silenceMs);
  try {
    const wait = async <T>(work: Promise<T>, streaming: boolean): Promise<T> =>
      Promise.race([work.catch((error: unknown) => fail(call, error, streaming)), stopped.promise]);
    const stream = await wait(call.open(connection.signal), false);
    const pieces = stream[Symbol.asyncIterator]();
    let streaming = false;
    for (;;) {
      const next = await wait(pieces.next(), streaming);
      call.signal.throwIfAborted();
      if (next.done === true) return;
      streaming = true;
      silence.refresh();
      call.onDelta(next.value);
    }
  } finally {
    clearTimeout(silence);
    call.signal.removeEventListener('abort', onAbort);
    connection.abort();
  }
}

function fail(call: StreamCall, error: unknown, streaming: boolean): never {
  throw call.toError(error, streaming);
}

function silent(call: StreamCall): AppError {
  return new AppError(
    'model.silent',
    `${call.model} sent nothing for ${call.silenceMs} ms; the call was given up`,
  );
}
