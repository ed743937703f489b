import type { Writable } from 'node:stream';

/**
 * Lets the process go on when whoever reads its output is gone, be it a pipe or a terminal: what is
 * written from then on is lost. Without it each failed write would be an error whose report is another.
 */
export function outliveReaders(outputs: readonly Writable[]): void {
  for (const output of outputs) output.on('error', () => undefined);
}
