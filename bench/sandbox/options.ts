import { parseArgs } from 'node:util';

/** What the measurement of sandboxes is asked for. */
export interface SandboxBenchOptions {
  /** Fewer samples: for a look, not for a record. */
  readonly quick: boolean;
  /** So many sandboxes are made and lost in all ways, instead of measuring; null to measure. */
  readonly leaks: number | null;
}

const DEFAULT_LEAKS = 200;
const USAGE = `npm run bench -- sandbox [options]
  --quick          fewer samples, about 40 s
  --leaks [N]      make, use and lose N sandboxes (${DEFAULT_LEAKS}) and look for what they left`;

/** Reads the command line; throws with the usage when something in it makes no sense. */
export function parseSandboxOptions(args: readonly string[]): SandboxBenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      leaks: { type: 'boolean', default: false },
    },
  });
  const count = Number(positionals[0] ?? DEFAULT_LEAKS);
  const makesSense = positionals.length <= (values.leaks ? 1 : 0);
  if (!makesSense || !Number.isInteger(count) || count < 1) throw new Error(USAGE);
  return { quick: values.quick, leaks: values.leaks ? count : null };
}
