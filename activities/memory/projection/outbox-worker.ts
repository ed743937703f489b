import type { ClaimedProjection, Projected } from '../../../contracts/projection.ts';
import type { ProjectionStore } from '../../../db/stores/projection-store.ts';

/** Something outside of the processes that has to learn of changes. */
export interface ProjectionTarget {
  readonly name: string;
  readonly subjects: readonly Projected[];
  /** Applies changes of one workspace; again, if it failed or was cut short. */
  apply(workspaceId: string, claims: readonly ClaimedProjection[]): Promise<void>;
}

/** What a worker of the outbox works with. */
export interface OutboxWorkerDeps {
  readonly projections: Pick<ProjectionStore, 'claim' | 'complete' | 'fail'>;
  readonly target: ProjectionTarget;
  /** Told of what is applied. */
  readonly onApplied?: (workspaceId: string, claims: readonly ClaimedProjection[]) => void;
  readonly onFault: (fault: {
    readonly target: string;
    readonly workspaceId: string;
    readonly error: unknown;
  }) => void;
}

const BATCH = 200;
/** Longer than a batch takes; a worker that dies holds its changes up for this long. */
const LEASE_MS = 60_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 300_000;

/** Applies what waits, one batch; answers with how many changes were taken. */
export async function applyOutbox(deps: OutboxWorkerDeps): Promise<number> {
  const { projections, target } = deps;
  const { subjects } = target;
  const claims = await projections.claim({ subjects, limit: BATCH, leaseMs: LEASE_MS });
  const groups = Map.groupBy(claims, ({ workspaceId }) => workspaceId);
  for (const [workspaceId, group] of groups) await applyGroup(deps, workspaceId, group);
  return claims.length;
}

async function applyGroup(
  { projections, target, onApplied, onFault }: OutboxWorkerDeps,
  workspaceId: string,
  claims: readonly ClaimedProjection[],
): Promise<void> {
  try {
    await target.apply(workspaceId, claims);
  } catch (error) {
    onFault({ target: target.name, workspaceId, error });
    for (const [attempt, failed] of Map.groupBy(claims, (claim) => claim.attempt)) {
      const retryMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
      await projections.fail({ claims: failed, error: reasonOf(error), retryMs });
    }
    return;
  }
  await projections.complete(claims);
  onApplied?.(workspaceId, claims);
}

/** Its code where it has one: messages of foreign services may hold anything. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
