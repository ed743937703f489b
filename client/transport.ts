import { abortReason, backoffMs, retryAfterMs, type Pacing } from './backoff.ts';
import { HoldfastError, isRetryableStatus, toHoldfastError } from './holdfast-error.ts';

/** Where requests go and how they are repeated. */
export interface TransportOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly fetch: typeof fetch;
  readonly maxRetries: number;
  readonly pacing: Pacing;
}

/** One request, as the resources write it. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Sent as they are, instead of a body of JSON. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Absent: repeating is harmless. `refused`: only what was surely not done is sent again. */
  readonly repeat?: 'refused';
}

/** Sends requests. Failing answers become `HoldfastError`s. */
export interface Transport {
  /** One attempt; resolves with the answer if its status is a success. */
  once(request: HttpRequest): Promise<Response>;
  /** The JSON body of the answer, after as many repetitions as are allowed and needed. */
  json<T>(request: HttpRequest): Promise<T>;
  /** The same for an answer that is no JSON. */
  bytes(request: HttpRequest): Promise<Uint8Array<ArrayBuffer>>;
  readonly pacing: Pacing;
}

const RETRY_RANGE = { firstMs: 250, longestMs: 8_000 };

/** A transport over `fetch`. */
export function createTransport(options: TransportOptions): Transport {
  const { pacing, maxRetries } = options;
  const once = (request: HttpRequest): Promise<Response> => sendOnce(options, request);

  const withRetries = async <T>(request: HttpRequest, read: Reader<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read(await once(request));
      } catch (error) {
        const pause = attempt <= maxRetries ? pauseOf(error, request.repeat) : null;
        if (pause === null) throw error;
        const backoff = backoffMs(attempt, RETRY_RANGE, pacing.random);
        await pacing.sleep(Math.max(pause, backoff), request.signal);
      }
    }
  };

  return {
    pacing,
    once,
    json: <T>(request: HttpRequest) =>
      withRetries(request, (response) => readJson<T>(response, request.signal)),
    bytes: (request) => withRetries(request, (response) => readBytes(response, request.signal)),
  };
}

type Reader<T> = (response: Response) => Promise<T>;

/** What the service asked to wait, kept beside the error it came with. */
const askedPauses = new WeakMap<HoldfastError, number>();

/** Least pause before a repetition that may help; null when none does. */
function pauseOf(error: unknown, repeat: HttpRequest['repeat']): number | null {
  if (!(error instanceof HoldfastError)) return null;
  const repeats =
    repeat === 'refused'
      ? error.status === 429
      : error.code === 'client.network' || isRetryableStatus(error.status);
  return repeats ? (askedPauses.get(error) ?? 0) : null;
}

async function sendOnce(options: TransportOptions, request: HttpRequest): Promise<Response> {
  const response = await reach(options, request);
  if (response.ok) return response;
  const text = await readText(response, request.signal);
  const error = toHoldfastError(response.status, response.headers.get('x-request-id'), text);
  const asked = retryAfterMs(response.headers, Date.now());
  if (asked !== null) askedPauses.set(error, asked);
  throw error;
}

async function reach(options: TransportOptions, request: HttpRequest): Promise<Response> {
  const contentType = contentTypeOf(request);
  // A body that is not JSON is the caller's mistake, not the network's: outside the try.
  const json = request.body === undefined ? null : JSON.stringify(request.body);
  const body = request.bytes ?? json;
  try {
    // Called as a bare function: browsers refuse a `fetch` that is called as a method.
    const { fetch } = options;
    return await fetch(urlOf(options.baseUrl, request), {
      method: request.method,
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        accept: 'application/json',
        ...(contentType === null ? {} : { 'content-type': contentType }),
        ...request.headers,
      },
      body,
      signal: request.signal ?? null,
    });
  } catch (error) {
    throw toNetworkError(error, request.signal);
  }
}

function contentTypeOf({ body, bytes }: HttpRequest): string | null {
  if (bytes !== undefined) return 'application/octet-stream';
  return body === undefined ? null : 'application/json';
}

function urlOf(baseUrl: string, request: HttpRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return `${baseUrl.replace(/\/+$/, '')}${request.path}${text === '' ? '' : `?${text}`}`;
}

async function readJson<T>(response: Response, signal: AbortSignal | undefined): Promise<T> {
  const text = await readText(response, signal);
  if (response.status === 204) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const { status } = response;
    const requestId = response.headers.get('x-request-id');
    const message = 'the answer is not JSON; check that baseUrl points at the service';
    throw new HoldfastError('client.bad_response', message, { status, requestId, cause });
  }
}

async function readText(response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw toNetworkError(error, signal);
  }
}

async function readBytes(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw toNetworkError(error, signal);
  }
}

/** The error for a connection that failed or broke; the signal's reason if that is why. */
export function toNetworkError(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return abortReason(signal);
  return new HoldfastError('client.network', 'the service could not be reached or went away', {
    cause: error,
  });
}
