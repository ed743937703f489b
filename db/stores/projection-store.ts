import type { ClaimedProjection, ProjectionFeed } from '../../contracts/projection.ts';
import {
  claimProjections,
  completeProjections,
  countPending,
  failProjections,
  followProjections,
  pruneProjections,
  type FailedProjections,
  type FeedRequest,
  type ProjectionClaim,
} from '../projections/outbox.ts';
import type { Database } from '../database.ts';

/**
 * What indexes outside of the database have to learn. Two ways to read it: a shared index has
 * workers that claim changes, an index within a process follows all of them.
 */
export interface ProjectionStore {
  /** Takes changes, oldest first; a thing is never claimed by two at once. */
  claim(claim: ProjectionClaim): Promise<readonly ClaimedProjection[]>;
  /** They are applied; what has changed meanwhile is claimed again. */
  complete(claims: readonly ClaimedProjection[]): Promise<void>;
  /** They are not, and are claimed again later. */
  fail(failed: FailedProjections): Promise<void>;
  /** Changes after the cursor, each at least once. Throws `list.bad_cursor`. */
  changes(request: FeedRequest): Promise<ProjectionFeed>;
  /** Forgets applied changes; who followed from before that must rebuild. Answers with how many. */
  prune(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number>;
  /** How many changes of a workspace are not applied. */
  pending(workspaceId: string): Promise<number>;
}

/** The outbox on PostgreSQL. */
export function createProjectionStore({ kysely }: Database): ProjectionStore {
  return {
    claim: (claim) => claimProjections(kysely, claim),
    complete: (claims) => completeProjections(kysely, claims),
    fail: (failed) => failProjections(kysely, failed),
    changes: (request) => followProjections(kysely, request),
    prune: (request) => pruneProjections(kysely, request),
    pending: (workspaceId) => countPending(kysely, workspaceId),
  };
}
