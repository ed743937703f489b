/** Places where a test may kill the process. */
export type CrashPoint =
  | 'after-reserve'
  | 'after-effect'
  | 'after-commit'
  | 'after-extract'
  | 'after-remember'
  | 'before-page-noted'
  | 'after-page-noted'
  | 'api-after-commit';

/** Called at each crash point; kills the process where a test asks for it, else does nothing. */
export type Crash = (point: CrashPoint) => void;

/**
 * Crash points for tests, `name:n` dies at the n-th visit. Null, as in every production process,
 * gives a function that does nothing.
 */
export function createCrash(failpoint: string | null): Crash {
  if (failpoint === null) return () => undefined;
  const [name, nth = '1'] = failpoint.split(':');
  let left = Number(nth);
  return (point) => {
    if (point !== name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
