import { lookup } from 'node:dns/promises';
import { request, type Dispatcher } from 'undici';
import { AppError } from '../../../../contracts/app-error.ts';
import { checkTarget, type AllowHosts } from './target.ts';
import { createGuardedAgent, type ResolveHost } from './guarded-agent.ts';
import { decodeContent, decodeText, isTextType, readBytes } from './read-body.ts';
import { readableHtml } from './readable-html.ts';
import type { Json } from '../../../../contracts/json.ts';
import { textOf } from '../text-argument.ts';
import type { Tool } from '../../tool.ts';

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const TIMEOUT_MS = 30_000;
const MAX_URL_CHARS = 4_096;
const MIB = 1024 * 1024;

/** Settings of the `http_get` tool. */
export interface HttpGetConfig {
  /** `host:port` of services that are reachable although they are not public. */
  readonly allowHosts: readonly string[];
  /** 5 MiB by default. */
  readonly maxResponseBytes?: number;
  /** 30 s by default. */
  readonly timeoutMs?: number;
  /** The system's resolver by default. */
  readonly resolve?: ResolveHost;
}

interface Getter {
  readonly allow: AllowHosts;
  readonly dispatcher: Dispatcher;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true });

function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

/** Follows redirects by hand: each target is checked like the first one. */
async function follow(text: string, getter: Getter): Promise<Json> {
  let url = checkTarget(text, getter.allow);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await request(url, {
      method: 'GET',
      dispatcher: getter.dispatcher,
      signal: getter.signal,
      headers: {
        accept: 'text/*, application/json, application/xml;q=0.9, */*;q=0.1',
        'accept-encoding': 'identity',
        'user-agent': 'holdfast',
      },
    });
    const location = headerOf(response.headers, 'location');
    if (!REDIRECTS.has(response.statusCode) || location === '') {
      return await answerOf(url, response, getter.maxBytes);
    }
    discard(response);
    url = checkTarget(URL.parse(location, url)?.href ?? location, getter.allow);
  }
  throw new AppError('tool.refused', `more than ${MAX_REDIRECTS} redirects`);
}

/** A body that nobody reads reports its end as an error. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined).destroy();
}

async function answerOf(
  url: URL,
  response: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<Json> {
  const contentType = headerOf(response.headers, 'content-type');
  if (!isTextType(contentType)) {
    discard(response);
    throw new AppError('tool.refused', `the response is ${contentType}, not text`);
  }
  const raw = await readBytes(response.body, maxBytes);
  const encoding = headerOf(response.headers, 'content-encoding').toLowerCase();
  const text = decodeText(decodeContent(raw, encoding, maxBytes), contentType);
  const base = { url: url.href, status: response.statusCode, contentType };
  if (!/^(?:text\/html|application\/xhtml\+xml)/i.test(contentType)) return { ...base, text };
  return { ...base, ...readableHtml(text, url.href) };
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

async function get(url: string, config: HttpGetConfig, signal: AbortSignal): Promise<Json> {
  const timeoutMs = config.timeoutMs ?? TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const allow: AllowHosts = new Set(config.allowHosts);
  // An agent per call: a connection that was opened under other rules is never used again.
  const dispatcher = createGuardedAgent(allow, config.resolve ?? systemResolve);
  try {
    return await follow(url, {
      allow,
      dispatcher,
      maxBytes: config.maxResponseBytes ?? 5 * MIB,
      signal: AbortSignal.any([signal, timeout]),
    });
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

/** A tool that reads public web pages and the operator's exempt services. */
export function createHttpGetTool(config: HttpGetConfig): Tool {
  return {
    name: 'http_get',
    description:
      'Reads a web page or an HTTP resource: its status, content type and text. HTML comes as ' +
      'readable text with title and links.',
    parameters: {
      type: 'object',
      properties: {
        url: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_URL_CHARS,
          description: 'http or https',
        },
      },
      required: ['url'],
      additionalProperties: false,
    },
    effect: 'idempotent',
    timeoutMs: (config.timeoutMs ?? TIMEOUT_MS) + 5_000,
    light: false,
    execute: (args, context) => get(textOf(args, 'url'), config, context.signal),
  };
}
