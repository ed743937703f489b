import { AppError } from '../../../contracts/app-error.ts';

const MAX_REASON = 300;

/** What Qdrant answered instead of a result. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The refusal in an error of Qdrant's client, if it is one. */
export function refusalIn(error: unknown): Refusal | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  if (typeof error.status !== 'number') return null;
  return { status: error.status, reason: 'data' in error ? reasonIn(error.data) : '' };
}

/** The failure as one of ours. Neither address nor key is in it: requests are not told. */
export function toIndexError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (hasName(error, 'QdrantClientResourceExhaustedError')) {
    return unavailable('Qdrant cannot serve now (429)', error);
  }
  if (hasName(error, 'AbortError', 'QdrantClientTimeoutError')) {
    return unavailable('Qdrant did not answer in time; is it overloaded?', error);
  }
  const refusal = refusalIn(error);
  if (refusal === null) return unavailable('Qdrant is not reachable; check QDRANT_URL', error);
  const { status, reason } = refusal;
  if (status === 401 || status === 403) {
    return unavailable('Qdrant refuses the key; check QDRANT_API_KEY', error);
  }
  if (status === 404) return unavailable('Qdrant lost its collection; rebuild the index', error);
  if (status === 408 || status === 429 || status >= 500) {
    return unavailable(`Qdrant cannot serve now (${status})`, error);
  }
  return new AppError('internal', `Qdrant refused a request (${status}): ${reason}`);
}

/** By name: what a fetch throws may be of another realm than the classes here. */
function hasName(error: unknown, ...names: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null || !('name' in error)) return false;
  return names.some((name) => error.name === name);
}

function unavailable(message: string, cause: unknown): AppError {
  return new AppError('service.unavailable', message, {
    cause: cause instanceof Error ? new Error(cause.message) : undefined,
  });
}

function reasonIn(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('status' in data)) return '';
  const { status } = data;
  if (typeof status !== 'object' || status === null || !('error' in status)) return '';
  return typeof status.error === 'string' ? status.error.slice(0, MAX_REASON) : '';
}
