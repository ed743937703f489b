import { AppError } from '../contracts/app-error.ts';
import { ERRORS } from '../contracts/errors.ts';
import type { ProblemDocument } from '../contracts/json.schema.ts';
import type { Reply } from './route.ts';

/** Codes of PostgreSQL and sockets that say: not now, perhaps soon. */
const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '08000',
  '08001',
  '08003',
  '08006',
  '53300',
  '57P01',
  '57P02',
  '57P03',
]);
/** The driver reports broken and missing connections by message alone. */
const AWAY_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The failure in our vocabulary; what nobody foresaw becomes `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof URIError) {
    return new AppError('request.invalid', 'the path holds a broken percent escape', {
      cause: error,
    });
  }
  if (isAway(error)) {
    return new AppError('service.unavailable', 'the database does not answer; try again', {
      cause: error,
      retryAfterMs: 1_000,
    });
  }
  return new AppError('internal', 'an unexpected error occurred; the log has its details', {
    cause: error,
  });
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return (typeof code === 'string' && AWAY_CODES.has(code)) || AWAY_MESSAGE.test(error.message);
}

/** The failure as a problem document (RFC 9457). */
export function toProblemDocument(error: AppError, requestId: string): ProblemDocument {
  const { status } = ERRORS[error.code];
  return {
    type: `urn:holdfast:error:${error.code}`,
    title: error.code.replaceAll(/[._]/g, ' '),
    status,
    detail: error.message,
    code: error.code,
    instance: requestId,
    ...(error.problems.length > 0 ? { problems: [...error.problems] } : {}),
  };
}

/** The failure as a reply, with what belongs to it in headers. */
export function problemReply(error: AppError, requestId: string): Reply {
  const body = toProblemDocument(error, requestId);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (body.status === 401) headers['www-authenticate'] = 'Bearer';
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1_000));
  }
  return { status: body.status, body, headers };
}
