import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { MemoryUsage } from '../../contracts/memory.ts';
import { sql, type Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/**
 * Counts memories that became active or ceased to be. Comes last in a transaction: all writers of a
 * workspace wait for this row. Throws `memory.budget_exceeded` when there would be too many.
 */
export async function countActive(
  trx: Kysely<Tables>,
  workspaceId: string,
  change: number,
): Promise<void> {
  if (change === 0) return;
  const { rows } = await sql`
    insert into memory_usage as u (workspace_id, active)
    values (${workspaceId}, greatest(0, ${change}::int))
    on conflict (workspace_id) do update set active = greatest(0, u.active + ${change}::int)
    where ${change}::int < 0
      or u.active + ${change}::int <= coalesce(u.max_active, ${LIMITS.activeMemories})
    returning 1`.execute(trx);
  if (rows.length > 0) return;
  throw new AppError(
    'memory.budget_exceeded',
    'the workspace remembers as much as it may: delete memories or raise its limit',
  );
}

/** See `MemoryStore.usage`. */
export async function readUsage(kysely: Kysely<Tables>, workspaceId: string): Promise<MemoryUsage> {
  const row = await kysely
    .selectFrom('memory_usage')
    .select(['active', 'max_active'])
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return { active: row?.active ?? 0, limit: row?.max_active ?? LIMITS.activeMemories };
}

/** See `MemoryStore.setLimit`. */
export async function setLimit(
  kysely: Kysely<Tables>,
  workspaceId: string,
  limit: number,
): Promise<void> {
  await kysely
    .insertInto('memory_usage')
    .values({ workspace_id: workspaceId, max_active: limit })
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet({ max_active: limit }))
    .execute();
}
