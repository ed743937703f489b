import type { ServerResponse } from 'node:http';
import type { Reply } from './route.ts';

/** Writes the reply. A response that has begun is ended as it is. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  if (reply.body === undefined) {
    response.writeHead(reply.status, { ...reply.headers, 'content-length': '0' });
    response.end();
    return;
  }
  const text = JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...reply.headers,
    'content-length': String(Buffer.byteLength(text)),
  });
  response.end(text);
}
