import type { Projected, Projection } from '../../contracts/projection.ts';
import { sql, type Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** Things of one kind that a transaction has changed. */
export interface Changes {
  readonly workspaceId: string;
  readonly subject: Projected;
  readonly op: Projection['op'];
  readonly items: readonly { readonly id: string; readonly version: number }[];
  /** Goes with what an erasure removes. */
  readonly erasureId?: string;
}

/**
 * Tells projections once more of things that are as they were but have new vectors; what is gone or
 * has a newer change stays as it is. Belongs into the transaction that writes the vectors.
 */
export async function noteAgain(trx: Kysely<Tables>, changes: Omit<Changes, 'op'>): Promise<void> {
  if (changes.items.length === 0) return;
  const items = changes.items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ids = items.map(({ id }) => id);
  const versions = items.map(({ version }) => version);
  // Without attempts a claim is only there to be released, and what it took is claimed again.
  await sql`
    insert into projection_outbox as o (workspace_id, subject, subject_id, op, version)
    select ${changes.workspaceId}, ${changes.subject}, n.id, 'upsert', n.version
    from unnest(${ids}::text[], ${versions}::int[]) as n (id, version)
    on conflict (workspace_id, subject, subject_id) do update set
      seq = excluded.seq, xid = excluded.xid, changed_at = excluded.changed_at,
      done_at = null, attempts = 0, last_error = null
    where o.version = excluded.version and o.op = 'upsert'`.execute(trx);
}

/**
 * Tells projections of changes; belongs into the transaction that makes them. Who is applying an
 * older change keeps its claim: what is noted here is claimed after it.
 */
export async function noteChanges(trx: Kysely<Tables>, changes: Changes): Promise<void> {
  if (changes.items.length === 0) return;
  // In one order everywhere: writers of the same things queue, and none deadlocks.
  const items = changes.items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ids = items.map(({ id }) => id);
  const versions = items.map(({ version }) => version);
  await sql`
    insert into projection_outbox as o
      (workspace_id, subject, subject_id, op, version, erasure_id)
    select ${changes.workspaceId}, ${changes.subject}, n.id, ${changes.op}, n.version,
      ${changes.erasureId ?? null}
    from unnest(${ids}::text[], ${versions}::int[]) as n (id, version)
    on conflict (workspace_id, subject, subject_id) do update set
      op = excluded.op, version = excluded.version, seq = excluded.seq, xid = excluded.xid,
      changed_at = excluded.changed_at, erasure_id = excluded.erasure_id,
      done_at = null, attempts = 0, last_error = null
    where o.version < excluded.version`.execute(trx);
}
