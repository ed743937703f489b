import type { ServerResponse } from 'node:http';

/** Fires when the response is over, because it was sent or its reader has gone, or on closing. */
export function responseSignal(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const over = new AbortController();
  const stop = (): void => {
    closing.removeEventListener('abort', stop);
    over.abort();
  };
  if (closing.aborted || response.destroyed) stop();
  closing.addEventListener('abort', stop);
  response.once('close', stop);
  return over.signal;
}
