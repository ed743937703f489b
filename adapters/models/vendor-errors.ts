import { AppError } from '../../contracts/app-error.ts';
import { ERRORS, type ErrorCode } from '../../contracts/errors.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Scrubber } from './scrub.ts';
import { readFault, type VendorFault } from './vendor-fault.ts';

/** Where a vendor's failure came up. */
export interface FaultContext {
  /** Whose failure it is, for the sentence. */
  readonly vendor: string;
  /** What to do when it refuses the credentials. */
  readonly remedy: string;
  /** True once a piece of the answer has come. */
  readonly streaming: boolean;
  readonly scrub: Scrubber;
  readonly now: number;
}

/**
 * A vendor's failure as one of ours. It carries no `cause`: libraries keep headers and bodies in their
 * errors, and those hold keys and prompts.
 */
export function toModelError(error: unknown, context: FaultContext): AppError {
  const fault = readFault(error);
  const code = codeOf(fault, context.streaming);
  const wait = ERRORS[code].retryable
    ? (retryAfterMs(fault.header, context.now) ?? fault.bodyRetryAfterMs)
    : undefined;
  const message = sentence(fault, code, context);
  return new AppError(code, message, wait === undefined ? {} : { retryAfterMs: wait });
}

const OVERFLOW_CODES = ['context_length_exceeded', 'ContextOverflowError', 'request_too_large'];
const OVERFLOW_WORDS =
  /prompt is too long|context[ _](?:length|window)|maximum context|input token count|too many (?:input )?tokens|input is too long|exceeds? the (?:model's )?(?:maximum|max) (?:number of )?(?:input )?tokens/i;
const QUOTA_CODES = [
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
];
const QUOTA_WORDS =
  /credit balance is too low|exceeded your current quota, please check your plan/i;
const AUTH_CODES = [
  'invalid_api_key',
  'authentication_error',
  'permission_error',
  'API_KEY_INVALID',
];
const RATE_CODES = ['rate_limit_exceeded', 'rate_limit_error'];
const BUSY_CODES = ['overloaded_error', 'api_error', 'server_error', 'timeout_error'];
const REFUSED_CODES = ['invalid_request_error', 'not_found_error'];

/** Codes beat `x-should-retry`, which beats the status. */
function codeOf(fault: VendorFault, streaming: boolean): ErrorCode {
  const has = (codes: readonly string[]): boolean => codes.some((code) => fault.codes.has(code));
  const { status } = fault;
  if (has(OVERFLOW_CODES) || status === 413) return 'model.context_overflow';
  if (isRefusal(status) && OVERFLOW_WORDS.test(fault.message)) return 'model.context_overflow';
  if (has(QUOTA_CODES) || status === 402) return 'model.quota_exhausted';
  if (isRefusal(status) && QUOTA_WORDS.test(fault.message)) return 'model.quota_exhausted';
  const wish = fault.header('x-should-retry');
  if (wish === 'true') return status === 429 ? 'model.rate_limited' : 'model.unavailable';
  if (wish === 'false' && status === 429) return 'model.quota_exhausted';
  if (status === 401 || status === 403 || has(AUTH_CODES)) return 'model.auth';
  if (wish === 'false' && status !== null) return 'model.bad_request';
  if (status === 429) return 'model.rate_limited';
  if (status === 408 || status === 409 || (status ?? 0) >= 500) return 'model.unavailable';
  if (status !== null) return 'model.bad_request';
  if (has(RATE_CODES)) return 'model.rate_limited';
  if (has(BUSY_CODES)) return 'model.unavailable';
  if (has(REFUSED_CODES)) return 'model.bad_request';
  if (streaming) return 'model.stream_cut';
  return isNetwork(fault) ? 'model.unavailable' : 'model.bad_request';
}

function isRefusal(status: number | null): boolean {
  return status === null || (status >= 400 && status < 500);
}

const NETWORK_NAMES = [
  'APIConnectionError',
  'APIConnectionTimeoutError',
  'TimeoutError',
  'SocketError',
  'AbortError',
];
const NETWORK_WORDS = /fetch failed|terminated|connection error|error reading from the stream/i;

function isNetwork(fault: VendorFault): boolean {
  return networkCode(fault) !== null || NETWORK_WORDS.test(fault.message);
}

function networkCode(fault: VendorFault): string | null {
  const codes = [...fault.codes];
  const exact = codes.find((code) => /^(?:E[A-Z]{3,}|UND_ERR_[A-Z_]+|CERT_[A-Z_]+)$/.test(code));
  return exact ?? codes.find((code) => NETWORK_NAMES.includes(code)) ?? null;
}

function sentence(fault: VendorFault, code: ErrorCode, context: FaultContext): string {
  const { vendor, remedy } = context;
  const said = context.scrub(fault.message);
  const says = said === '' ? '' : `: ${said}`;
  if (code === 'model.auth') {
    const status = fault.status === null ? '' : ` (${fault.status})`;
    return `${vendor} refused the credentials${status}${says}; ${remedy}`;
  }
  if (fault.status !== null) return `${vendor} answered ${fault.status}${says}`;
  const network = networkCode(fault);
  const reason = network === null ? says : ` (${network})`;
  if (code === 'model.stream_cut') return `the answer of ${vendor} broke off${reason}`;
  if (code === 'model.unavailable' && isNetwork(fault)) {
    return `${vendor} could not be reached${reason}; check its address and the network`;
  }
  return `${vendor} failed${says}`;
}
