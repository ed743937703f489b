import { sql, type Kysely, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type {
  ClaimedSandbox,
  ClaimSandbox,
  SandboxKind,
  SandboxUse,
} from '../stores/sandbox-store.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxDeathReason } from '../../contracts/sandbox.ts';
import type { SandboxRecord } from '../../contracts/sandbox-record.ts';
import type { Tables } from '../tables.ts';
import { unknownRun } from '../runs/read-runs.ts';
import { violatesForeignKey } from '../violation.ts';

/** See `SandboxStore.claim`. */
export async function claimSandbox(
  kysely: Kysely<Tables>,
  ref: RunRef,
  claim: ClaimSandbox,
): Promise<ClaimedSandbox> {
  // Between a claim that finds one and the look at it, that one may die: then it is ours to make.
  for (;;) {
    const made = await insertSandbox(kysely, ref, claim);
    if (made !== null) return { kind: 'created', sandbox: made };
    const sandbox = await findSandbox(kysely, ref, claim);
    if (sandbox !== null) return { kind: 'existing', sandbox };
  }
}

/** The one that lives; null if none does. */
export async function findSandbox(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  { image, level }: SandboxKind,
): Promise<SandboxRecord | null> {
  const row = await kysely
    .selectFrom('sandboxes')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('image', '=', image)
    .where('level', '=', level)
    .where('state', '<>', 'dead')
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Throws `sandbox.not_found`. */
export async function getSandbox(
  kysely: Kysely<Tables>,
  workspaceId: string,
  sandboxId: string,
): Promise<SandboxRecord> {
  const row = await kysely
    .selectFrom('sandboxes')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sandboxId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError('sandbox.not_found', `no sandbox ${sandboxId}`);
  return fromRow(row);
}

/** Of a run, oldest first. */
export async function listSandboxes(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
): Promise<readonly SandboxRecord[]> {
  const rows = await kysely
    .selectFrom('sandboxes')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

/** See `SandboxStore.use`. */
export async function useSandbox(
  kysely: Kysely<Tables>,
  workspaceId: string,
  use: SandboxUse,
): Promise<boolean> {
  const { id, state, revision, expiresAt } = use;
  const { numUpdatedRows } = await kysely
    .updateTable('sandboxes')
    .set({
      last_used_at: sql<Date>`clock_timestamp()`,
      ...(state === undefined ? {} : { state }),
      ...(revision === undefined ? {} : { revision }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '<>', 'dead')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** See `SandboxStore.markDead`. */
export async function markDead(
  kysely: Kysely<Tables>,
  workspaceId: string,
  death: { readonly id: string; readonly reason: SandboxDeathReason },
): Promise<boolean> {
  const { numUpdatedRows } = await kysely
    .updateTable('sandboxes')
    .set({ state: 'dead', died: death.reason, died_at: sql<Date>`clock_timestamp()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', death.id)
    .where('state', '<>', 'dead')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** See `SandboxStore.overdue`. */
export async function overdueSandboxes(
  kysely: Kysely<Tables>,
  limit: number,
): Promise<readonly SandboxRecord[]> {
  const rows = await kysely
    .selectFrom('sandboxes')
    .selectAll()
    .where('state', '<>', 'dead')
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

async function insertSandbox(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  claim: ClaimSandbox,
): Promise<SandboxRecord | null> {
  try {
    const row = await kysely
      .insertInto('sandboxes')
      .values({
        workspace_id: workspaceId,
        id: claim.id,
        run_id: runId,
        image: claim.image,
        level: claim.level,
        host: claim.host,
        state: 'starting',
        revision: 0,
        expires_at: claim.expiresAt,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['workspace_id', 'run_id', 'image', 'level'])
          .where('state', '<>', 'dead')
          .doNothing(),
      )
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : fromRow(row);
  } catch (error) {
    if (violatesForeignKey(error)) throw unknownRun(runId);
    throw error;
  }
}

function fromRow(row: Selectable<Tables['sandboxes']>): SandboxRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    runId: row.run_id,
    image: row.image,
    level: row.level,
    host: row.host,
    state: row.state,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    died: row.died,
    diedAt: row.died_at?.toISOString() ?? null,
  };
}
