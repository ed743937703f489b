import { API_TIMING, type ApiDeps, type ApiTiming } from './deps.ts';
import { createAuthenticator, type Authenticator } from './api-keys.ts';
import { createRunFeeds, type RunFeeds } from './run-feed.ts';
import { createVersionResolver, type VersionResolver } from './version-resolver.ts';

/** What handlers work with: the dependencies, and what the API builds on them once. */
export interface Services extends Omit<ApiDeps, 'timing'> {
  readonly timing: ApiTiming;
  readonly authenticator: Authenticator;
  readonly versions: VersionResolver;
  readonly feeds: RunFeeds;
  /** Fires when the process is about to end: streams and waits finish. */
  readonly closing: AbortSignal;
}

/** Builds the services of one API. */
export function createServices(deps: ApiDeps, closing: AbortSignal): Services {
  const timing = { ...API_TIMING, ...deps.timing };
  return {
    ...deps,
    timing,
    authenticator: createAuthenticator(deps.apiKeys, timing.keyCacheMs),
    versions: createVersionResolver(deps.agents),
    feeds: createRunFeeds({ runs: deps.runs, listener: deps.listener, timing }),
    closing,
  };
}
