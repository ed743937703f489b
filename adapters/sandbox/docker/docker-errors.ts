import { AppError } from '../../../contracts/app-error.ts';

interface DaemonFailure {
  readonly message?: string;
  /** Of the daemon's answer. */
  readonly statusCode?: number;
  /** Of the operating system, when there was no answer. */
  readonly code?: string;
  readonly syscall?: string;
}

/** Failures of Node's own modules are no `Error` of this realm when tests run, so nothing asks. */
function toFailure(error: unknown): DaemonFailure {
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}

/** What a failure says, whatever it is. */
export function messageOf(error: unknown): string {
  return toFailure(error).message ?? 'without a reason';
}

/** True when the Docker daemon answered with that status. */
export function isStatus(error: unknown, status: number): boolean {
  return toFailure(error).statusCode === status;
}

function isUnreachable({ statusCode, code, syscall }: DaemonFailure): boolean {
  if (statusCode !== undefined) return false;
  return syscall === 'connect' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** Says what a failure of the daemon means to who wants a sandbox. */
export function toSandboxError(error: unknown, imageName: string): unknown {
  if (error instanceof AppError) return error;
  const cause = messageOf(error);
  if (/unknown runtime|unknown or invalid runtime/i.test(cause)) {
    return new AppError(
      'sandbox.level_unavailable',
      `The Docker daemon has no runtime of that level: ${cause}. npm run doctor says what works.`,
      { cause: error },
    );
  }
  if (isUnreachable(toFailure(error))) {
    return new AppError(
      'sandbox.unavailable',
      `The Docker daemon cannot be reached: ${cause}. Start it, or run npm run doctor.`,
      { cause: error },
    );
  }
  if (isStatus(error, 404) && cause.includes('No such image')) {
    return new AppError(
      'sandbox.unavailable',
      `The image ${imageName} is missing: npm run sandbox-images -- build makes it.`,
      { cause: error },
    );
  }
  return new AppError('sandbox.unavailable', `The sandbox cannot be had: ${cause}`, {
    cause: error,
  });
}
