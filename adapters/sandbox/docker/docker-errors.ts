import { AppError } from '../../../contracts/app-error.ts';

/** True when the Docker daemon answered with that status. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === status;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && !('statusCode' in error);
}

/** Says what a failure of the daemon means to who wants a sandbox. */
export function toSandboxError(error: unknown, imageName: string): unknown {
  if (error instanceof AppError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  if (isUnreachable(error)) {
    return new AppError(
      'sandbox.unavailable',
      `The Docker daemon cannot be reached: ${cause}. Start it, or run npm run doctor.`,
      { cause: error },
    );
  }
  if (isStatus(error, 404) && cause.includes('No such image')) {
    return new AppError(
      'sandbox.unavailable',
      `The image ${imageName} is missing: npm run sandbox-images builds it.`,
      { cause: error },
    );
  }
  return new AppError('sandbox.unavailable', `Docker refused the sandbox: ${cause}`, {
    cause: error,
  });
}
