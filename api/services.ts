import { API_TIMING, type ApiDeps, type ApiTiming } from './deps.ts';
import { createAuthenticator, type Authenticator } from './api-keys.ts';
import { createFeeds, type Feeds } from './event-feed.ts';
import type { IngestionEvents } from '../db/knowledge/ingestion-events.ts';
import type { StreamEvent } from '../contracts/event.ts';
import { createVersionResolver, type VersionResolver } from './version-resolver.ts';

/** What handlers work with: the dependencies, and what the API builds on them once. */
export interface Services extends Omit<ApiDeps, 'timing'> {
  readonly timing: ApiTiming;
  readonly authenticator: Authenticator;
  readonly versions: VersionResolver;
  readonly runFeeds: Feeds<readonly StreamEvent[]>;
  readonly ingestionFeeds: Feeds<IngestionEvents>;
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
    runFeeds: createFeeds({
      listener: deps.listener,
      timing,
      read: ({ workspaceId, id }, after, limit) =>
        deps.runs.stream(workspaceId, id, { after, limit }),
    }),
    ingestionFeeds: createFeeds({
      listener: deps.listener,
      timing,
      read: ({ workspaceId, id }, after, limit) =>
        deps.knowledge.ingestionEvents(workspaceId, id, { afterSeq: after.seq, limit }),
    }),
    closing,
  };
}
