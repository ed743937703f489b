import type { IncomingMessage } from 'node:http';

/** Whether the caller wants events as a stream and not as a page. */
export function wantsStream(request: IncomingMessage): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

/** The id of the last event that a stream's reader has seen; undefined if he names none. */
export function lastEventId(request: IncomingMessage): string | undefined {
  const id = request.headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
