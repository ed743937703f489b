import { lastWords } from './child.ts';

/** What a benchmark speaks through and stops things with. */
export interface BenchTools {
  /** Stops what was started, also when the benchmark is interrupted. */
  readonly closing: AsyncDisposableStack;
  /** Progress, on standard error. */
  readonly log: (line: string) => void;
  /** Results in Markdown, on standard output. */
  readonly print: (parts: readonly string[]) => void;
}

/** Runs a benchmark and stops whatever it started, be it at its end, its failure or a signal. */
export async function withBenchTools(work: (tools: BenchTools) => Promise<void>): Promise<void> {
  const begun = performance.now();
  const log = (line: string): void => {
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    process.stderr.write(`[${seconds} s] ${line}\n`);
  };
  const print = (parts: readonly string[]): void => {
    process.stdout.write(`${parts.join('\n\n')}\n\n`);
  };
  const closing = new AsyncDisposableStack();
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (signal: string): void => reject(new Error(`stopped by ${signal}`));
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });
  try {
    await Promise.race([work({ closing, log, print }), interrupted]);
  } catch (error) {
    process.stderr.write(lastWords());
    throw error;
  } finally {
    log('stopping');
    await closing.disposeAsync();
  }
}
