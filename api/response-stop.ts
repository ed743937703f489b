import type { ServerResponse } from 'node:http';

/**
 * Aborts when the response is over, because it was sent or its reader has gone, and on closing. Its
 * owner may abort it earlier.
 */
export function responseStop(response: ServerResponse, closing: AbortSignal): AbortController {
  const over = new AbortController();
  const stop = (): void => {
    closing.removeEventListener('abort', stop);
    over.abort();
  };
  if (closing.aborted || response.destroyed) stop();
  closing.addEventListener('abort', stop);
  response.once('close', stop);
  return over;
}
