import { ERRORS, isErrorCode, type ErrorCode } from '../contracts/errors.ts';
import { isJsonObject } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';

/** Failures that the service did not report itself. */
export type ClientErrorCode =
  /** No answer came, also not after all repetitions. */
  | 'client.network'
  /** The caller's time was over before the run had ended. */
  | 'client.timeout'
  /** The answer is not what the service sends: a proxy's page, text that is not JSON. */
  | 'client.bad_response'
  /** The answer carries a code that this version of the client does not know. */
  | 'client.unknown_code';

/** What an error carries besides its code and message. */
export interface HoldfastErrorOptions {
  readonly status?: number;
  readonly problems?: readonly Problem[];
  readonly requestId?: string | null;
  readonly cause?: unknown;
}

/** The one error the client throws; an abort rejects with the signal's own reason. */
export class HoldfastError extends Error {
  /** Branch on this, never on the message. */
  readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status of the answer; 0 when there was none. */
  readonly status: number;
  /** Everything that is wrong with what was sent, each with a JSON pointer. */
  readonly problems: readonly Problem[];
  /** Names the request in the service's log. */
  readonly requestId: string | null;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    options: HoldfastErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.status = options.status ?? 0;
    this.problems = options.problems ?? [];
    this.requestId = options.requestId ?? null;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    if (this.code === 'client.network' || this.code === 'client.timeout') return true;
    if (this.code === 'client.bad_response' || this.code === 'client.unknown_code') {
      return isRetryableStatus(this.status);
    }
    return ERRORS[this.code].retryable;
  }
}

/** True for answers after which an idempotent request is sent again. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The error that an answer with a failing status stands for. */
export function toHoldfastError(
  status: number,
  requestId: string | null,
  text: string,
): HoldfastError {
  const body = parseJson(text);
  if (!isJsonObject(body) || typeof body['code'] !== 'string') {
    const message = `HTTP ${String(status)} without a problem document`;
    return new HoldfastError('client.bad_response', message, { status, requestId });
  }
  const { code, detail, title, problems, instance } = body;
  const message = typeof detail === 'string' ? detail : typeof title === 'string' ? title : code;
  const options = {
    status,
    problems: Array.isArray(problems) ? problems.filter(isProblem) : [],
    requestId: requestId ?? (typeof instance === 'string' ? instance : null),
  };
  return isErrorCode(code)
    ? new HoldfastError(code, message, options)
    : new HoldfastError('client.unknown_code', `${code}: ${message}`, options);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isProblem(value: unknown): value is Problem {
  return (
    isJsonObject(value) &&
    typeof value['pointer'] === 'string' &&
    typeof value['code'] === 'string' &&
    typeof value['message'] === 'string'
  );
}
