import { execFile } from 'node:child_process';

/** What `temporal --version` says of itself. */
export interface TemporalVersion {
  readonly cli: string;
  readonly server: string;
}

/** The oldest versions whose dev server has what Holdfast relies on. */
export const MINIMUM_VERSION: TemporalVersion = { cli: '1.5.0', server: '1.29.0' };

const PROBE_TIMEOUT_MS = 15_000;

/** Runs the binary and reads its version; undefined when it does not run or says something else. */
export async function probeVersion(binary: string): Promise<TemporalVersion | undefined> {
  const output = await new Promise<string>((resolve) => {
    const options = { timeout: PROBE_TIMEOUT_MS, killSignal: 'SIGKILL' as const };
    execFile(binary, ['--version'], options, (error, stdout) => resolve(error ? '' : stdout));
  });
  return parseVersion(output);
}

/** Reads `temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)`. */
export function parseVersion(output: string): TemporalVersion | undefined {
  const match = /temporal version v?(\d+\.\d+\.\d+)\S* \(Server v?(\d+\.\d+\.\d+)/.exec(output);
  const [, cli, server] = match ?? [];
  return cli === undefined || server === undefined ? undefined : { cli, server };
}

/** True when both parts are as new as `MINIMUM_VERSION`. */
export function isNewEnough(version: TemporalVersion): boolean {
  return (
    isAtLeast(version.cli, MINIMUM_VERSION.cli) && isAtLeast(version.server, MINIMUM_VERSION.server)
  );
}

function isAtLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  const need = minimum.split('.').map(Number);
  for (const [index, part] of need.entries()) {
    const mine = have[index] ?? 0;
    if (mine !== part) return mine > part;
  }
  return true;
}
