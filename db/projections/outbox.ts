import type {
  ClaimedProjection,
  Projected,
  Projection,
  ProjectionFeed,
} from '../../contracts/projection.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { Tables } from '../tables.ts';

/** Which changes a worker takes, how many and for how long. */
export interface ProjectionClaim {
  readonly subjects: readonly Projected[];
  readonly limit: number;
  /** Others take them when they are not done by then. */
  readonly leaseMs: number;
}

/** Changes that could not be applied. */
export interface FailedProjections {
  readonly claims: readonly ClaimedProjection[];
  readonly error: string;
  /** They are claimed again after this. */
  readonly retryMs: number;
}

/** Where a follower stands; `cursor` comes from the page before. */
export interface FeedRequest {
  readonly subjects: readonly Projected[];
  readonly limit: number;
  /** Absent: only what changes from now on. */
  readonly cursor?: string;
}

interface OutboxRow {
  readonly workspace_id: string;
  readonly subject: Projected;
  readonly subject_id: string;
  readonly op: Projection['op'];
  readonly version: number;
}

const COLUMNS = sql`o.workspace_id, o.subject, o.subject_id, o.op, o.version`;

/** See `ProjectionStore.claim`. */
export async function claimProjections(
  kysely: Kysely<Tables>,
  { subjects, limit, leaseMs }: ProjectionClaim,
): Promise<readonly ClaimedProjection[]> {
  const { rows } = await sql<OutboxRow & { readonly attempts: number }>`
    with free as (
      select workspace_id, subject, subject_id from projection_outbox
      where done_at is null and (claimed_until is null or claimed_until < clock_timestamp())
        and subject = any(${subjects}::text[])
      order by seq limit ${limit} for update skip locked)
    update projection_outbox o
    set claimed_until = clock_timestamp() + ${leaseMs} * interval '1 ms', attempts = o.attempts + 1
    from free f where o.workspace_id = f.workspace_id and o.subject = f.subject
      and o.subject_id = f.subject_id
    returning ${COLUMNS}, o.attempts`.execute(kysely);
  return rows.map((row) => ({ ...fromRow(row), attempt: row.attempts }));
}

/** See `ProjectionStore.complete`. */
export async function completeProjections(
  kysely: Kysely<Tables>,
  claims: readonly ClaimedProjection[],
): Promise<void> {
  // What has changed again since it was claimed is free, not done.
  await release(
    kysely,
    claims,
    sql`done_at = case when o.attempts > 0 then clock_timestamp() else o.done_at end,
      claimed_until = null, last_error = null`,
  );
}

/** See `ProjectionStore.fail`. */
export async function failProjections(
  kysely: Kysely<Tables>,
  { claims, error, retryMs }: FailedProjections,
): Promise<void> {
  await release(
    kysely,
    claims,
    sql`claimed_until = clock_timestamp() + ${retryMs} * interval '1 ms', last_error = ${error}`,
  );
}

/** See `ProjectionStore.changes`. */
export async function followProjections(
  kysely: Kysely<Tables>,
  { subjects, limit, cursor }: FeedRequest,
): Promise<ProjectionFeed> {
  if (cursor === undefined) return { items: [], cursor: await feedEnd(kysely), more: false };
  const [xid, seq] = parseCursor(cursor);
  // A transaction may commit after one that began later: nobody reads beyond the oldest open one.
  const { rows } = await sql<OutboxRow & { readonly xid: string; readonly seq: number }>`
    select ${COLUMNS}, o.xid::text as xid, o.seq from projection_outbox o
    where (o.xid, o.seq) > (${xid}::xid8, ${seq}::bigint)
      and o.xid < pg_snapshot_xmin(pg_current_snapshot())
      and o.subject = any(${subjects}::text[])
    order by o.xid, o.seq limit ${limit + 1}`.execute(kysely);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(fromRow),
    cursor: last === undefined ? cursor : `${last.xid}.${last.seq}`,
    more: rows.length > limit,
  };
}

/** See `ProjectionStore.prune`. */
export async function pruneProjections(
  kysely: Kysely<Tables>,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<number> {
  const { rows } = await sql`
    delete from projection_outbox where ctid = any(array(
      select ctid from projection_outbox
      where done_at < clock_timestamp() - ${olderThanMs} * interval '1 ms'
      order by done_at limit ${limit} for update skip locked))
    returning 1`.execute(kysely);
  return rows.length;
}

/** See `ProjectionStore.pending`. */
export async function countPending(kysely: Kysely<Tables>, workspaceId: string): Promise<number> {
  const { pending } = await kysely
    .selectFrom('projection_outbox')
    .select((eb) => eb.fn.countAll<number>().as('pending'))
    .where('workspace_id', '=', workspaceId)
    .where('done_at', 'is', null)
    .executeTakeFirstOrThrow();
  return pending;
}

async function release(
  kysely: Kysely<Tables>,
  claims: readonly ClaimedProjection[],
  change: ReturnType<typeof sql>,
): Promise<void> {
  if (claims.length === 0) return;
  const workspaces = claims.map(({ workspaceId }) => workspaceId);
  const subjects = claims.map(({ subject }) => subject);
  const ids = claims.map(({ subjectId }) => subjectId);
  const versions = claims.map(({ version }) => version);
  const attempts = claims.map(({ attempt }) => attempt);
  // A change sets the attempts back to none: from then on the claim is only there to be released.
  // Who was overtaken after the end of his claim changes nothing. Locked in the order of writers.
  await sql`
    with c as materialized (
      select o.workspace_id, o.subject, o.subject_id
      from unnest(${workspaces}::text[], ${subjects}::text[], ${ids}::text[], ${versions}::int[],
        ${attempts}::int[]) as n (workspace_id, subject, subject_id, version, attempt)
      join projection_outbox o using (workspace_id, subject, subject_id)
      where o.done_at is null
        and (o.attempts = 0 or (o.version = n.version and o.attempts = n.attempt))
      order by o.workspace_id, o.subject, o.subject_id for update of o)
    update projection_outbox o set ${change} from c
    where o.workspace_id = c.workspace_id and o.subject = c.subject
      and o.subject_id = c.subject_id`.execute(kysely);
}

async function feedEnd(kysely: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ readonly xid: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as xid`.execute(kysely);
  // Before the first change of that transaction, which may still be open.
  return `${rows[0]?.xid ?? '0'}.0`;
}

function parseCursor(cursor: string): readonly [string, string] {
  const [, xid, seq] = /^(\d{1,19})\.(\d{1,18})$/.exec(cursor) ?? [];
  if (xid === undefined || seq === undefined) {
    throw new AppError('list.bad_cursor', 'the cursor is not one that this feed gave');
  }
  return [xid, seq];
}

function fromRow(row: OutboxRow): Projection {
  return {
    workspaceId: row.workspace_id,
    subject: row.subject,
    subjectId: row.subject_id,
    op: row.op,
    version: row.version,
  };
}
