/**
 * The code of a failed system call, such as `ENOENT`. Looks at the value and not at its class:
 * errors of Node's core are no instances of `Error` inside a test's own realm.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
