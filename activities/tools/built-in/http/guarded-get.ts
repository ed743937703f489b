import { lookup } from 'node:dns/promises';
import { request, type Dispatcher } from 'undici';
import { AppError } from '../../../../contracts/app-error.ts';
import { checkTarget, type AllowHosts } from './target.ts';
import { createGuardedAgent, type ResolveHost } from './guarded-agent.ts';
import { decodeContent, readBytes } from './read-body.ts';

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Of a whole request, where its caller names no other. */
export const HTTP_TIMEOUT_MS = 30_000;
/** Longest URL. */
export const MAX_URL_CHARS = 4_096;

/** What requests may reach, and for how long. */
export interface GuardedGetConfig {
  /** `host:port` of services that are reachable although they are not public. */
  readonly allowHosts: readonly string[];
  /** 30 s by default. */
  readonly timeoutMs?: number;
  /** The system's resolver by default. */
  readonly resolve?: ResolveHost;
}

/** One request. */
export interface GuardedGet {
  readonly url: string;
  readonly accept: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** `tell` answers with a redirection as it is; by default they are followed. */
  readonly redirects?: 'follow' | 'tell';
}

/** An answer whose body has not been read. */
export interface GuardedAnswer {
  /** Where redirects ended. */
  readonly url: URL;
  readonly status: number;
  readonly contentType: string;
  /** Empty where there is none. */
  readonly header: (name: string) => string;
  /** The whole body, decoded. Throws `tool.refused` beyond the request's limit. */
  readonly bytes: () => Promise<Buffer>;
}

/**
 * Gets a public URL, or one of the operator's exempt services; `read` is called while the connection
 * is open. Throws `tool.refused` for what may not be reached, `tool.failed` for what may be tried again.
 */
export async function guardedGet<T>(
  wanted: GuardedGet,
  config: GuardedGetConfig,
  read: (answer: GuardedAnswer) => Promise<T>,
): Promise<T> {
  const { signal } = wanted;
  const timeoutMs = config.timeoutMs ?? HTTP_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const allow: AllowHosts = new Set(config.allowHosts);
  // An agent per call: a connection that was opened under other rules is never used again.
  const dispatcher = createGuardedAgent(allow, config.resolve ?? systemResolve);
  const both = AbortSignal.any([signal, timeout]);
  try {
    const { url, response } = await follow({ ...wanted, signal: both }, allow, dispatcher);
    try {
      return await read(answerOf(url, response, wanted.maxBytes));
    } finally {
      discard(response);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      throw new AppError('tool.failed', `no answer within ${timeoutMs} ms`, { cause: error });
    }
    throw toAppError(error);
  } finally {
    void dispatcher.destroy();
  }
}

const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true });

/** Follows redirects by hand: each target is checked like the first one. */
async function follow(
  { url: text, accept, signal, redirects }: GuardedGet,
  allow: AllowHosts,
  dispatcher: Dispatcher,
): Promise<{ readonly url: URL; readonly response: Dispatcher.ResponseData }> {
  let url = checkTarget(text, allow);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await request(url, {
      method: 'GET',
      dispatcher,
      signal,
      headers: { accept, 'accept-encoding': 'identity', 'user-agent': 'holdfast' },
    });
    const location = headerOf(response.headers, 'location');
    const leads = REDIRECTS.has(response.statusCode) && location !== '';
    if (!leads || redirects === 'tell') return { url, response };
    discard(response);
    url = checkTarget(URL.parse(location, url)?.href ?? location, allow);
  }
  throw new AppError('tool.refused', `more than ${MAX_REDIRECTS} redirects`);
}

function answerOf(url: URL, response: Dispatcher.ResponseData, maxBytes: number): GuardedAnswer {
  const { headers, statusCode: status, body } = response;
  const encoding = headerOf(headers, 'content-encoding').toLowerCase();
  return {
    url,
    status,
    contentType: headerOf(headers, 'content-type'),
    header: (name) => headerOf(headers, name),
    bytes: async () => decodeContent(await readBytes(body, maxBytes), encoding, maxBytes),
  };
}

function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

/** A body that nobody reads reports its end as an error. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined).destroy();
}

/** Network failures carry the code of the system, never addresses of the inner network. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('tool.failed', `the request failed (${systemCodeOf(error)})`, {
    cause: error,
  });
}

function systemCodeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : 'unknown';
}
