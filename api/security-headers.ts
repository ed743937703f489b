import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** Headers that every answer bears: helmet's, for an API that serves no pages. */
export const API_HEADERS: readonly (readonly [string, string])[] = headersOf({
  'default-src': ["'none'"],
  'frame-ancestors': ["'none'"],
});

/** Headers of the documentation's page, which loads scripts and styles from here alone. */
export const DOCS_HEADERS: readonly (readonly [string, string])[] = headersOf({
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'frame-ancestors': ["'none'"],
});

/** Asks helmet once: its headers depend on no request, and building them costs each one. */
function headersOf(directives: Record<string, string[]>): readonly (readonly [string, string])[] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const secure = helmet({ contentSecurityPolicy: { useDefaults: false, directives } });
  secure(request, response, (error?: unknown) => {
    if (error !== undefined) throw new Error('helmet refuses its options', { cause: error });
  });
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
}
