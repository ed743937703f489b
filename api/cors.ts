import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const HEADERS =
  'authorization, x-api-key, content-type, idempotency-key, last-event-id, x-request-id';
const EXPOSED = 'location, retry-after, x-request-id';
const MAX_AGE_S = '600';

/** Lets pages of listed origins call the API. True: the request was a preflight and is answered. */
export function answerCors(
  origins: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (origins.length === 0) return false;
  response.setHeader('vary', 'origin');
  const { origin } = request.headers;
  if (origin === undefined || !origins.includes(origin)) return false;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', EXPOSED);
  const isPreflight =
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (!isPreflight) return false;
  response.setHeader('access-control-allow-methods', METHODS);
  response.setHeader('access-control-allow-headers', HEADERS);
  response.setHeader('access-control-max-age', MAX_AGE_S);
  response.writeHead(204).end();
  return true;
}
