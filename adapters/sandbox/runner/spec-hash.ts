import { createHash } from 'node:crypto';
import type { ExecRequest } from '../port.ts';

/**
 * What makes two requests the same command: what runs, where, and on which input. Limits and
 * deadlines are left out, for a retry may have less time.
 */
export function toSpecHash(request: ExecRequest): string {
  const { argv, cwd, env, stdin, openStdin } = request;
  const variables = Object.entries(env ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  const input = stdin === undefined ? null : createHash('sha256').update(stdin).digest('hex');
  const parts = [argv, cwd ?? '', variables, input, openStdin === true];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
