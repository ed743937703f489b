import { AppError } from '../../contracts/app-error.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  ERR_TUNNEL_CONNECTION_FAILED:
    "the sandbox's network does not allow this host, or it cannot be reached",
  ERR_PROXY_CONNECTION_FAILED: 'the sandbox has no network',
  ERR_EMPTY_RESPONSE: 'nothing answers; the sandbox may have no network',
  ERR_CONNECTION_REFUSED: 'nothing listens there inside of the sandbox',
  ERR_ABORTED:
    'it is a file to download and no page, or the page went elsewhere; download files with a shell',
  ERR_INVALID_AUTH_CREDENTIALS: 'it wants a password',
  ERR_TOO_MANY_REDIRECTS: 'it redirects without end',
};

/** Tells a model why an address could not be visited. */
export function toNavigationError(error: unknown, what: string, timeoutMs: number): AppError {
  const message = error instanceof Error ? error.message : String(error);
  const code = /net::(ERR_[A-Z0-9_]+)/.exec(message)?.[1];
  if (code !== undefined) {
    const sentence = SENTENCES[code];
    const why = sentence === undefined ? code : `${sentence} (${code})`;
    return new AppError('tool.refused', `${what} could not be visited: ${why}`, { cause: error });
  }
  if (/crashed/i.test(message)) {
    const why = `${what} crashed the page, most likely for lack of memory`;
    return new AppError('tool.refused', why, { cause: error });
  }
  if (/timeout/i.test(message)) {
    return new AppError('tool.refused', `${what} did not load within ${timeoutMs / 1_000} s`, {
      cause: error,
    });
  }
  if (/invalid url/i.test(message)) {
    return new AppError('tool.refused', `${what} is no valid address`, { cause: error });
  }
  if (error instanceof AppError) return error;
  return new AppError('sandbox.unavailable', 'the connection to the browser was lost', {
    cause: error,
  });
}
