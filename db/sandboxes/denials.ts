import { denialFromRow, denialToRow, storableDenial } from '../rows/audit-row.ts';
import { appendToChain, lockChain, pageOfChain, type After } from './audit-chain.ts';
import type { Page, PageRequest } from '../stores/page.ts';
import type { Database } from '../database.ts';
import type { DenialEntry, DenialRecord } from '../../contracts/sandbox-audit.ts';
import type { Kysely } from 'kysely';
import type { RunRef } from '../../contracts/journal.ts';
import { sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** See `SandboxStore.recordDenials`. */
export async function recordDenials(
  { kysely }: Database,
  ref: RunRef,
  records: readonly DenialRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const clean = records.map(storableDenial);
  const placeOf = ({ sandboxId, id }: DenialRecord): string => `${sandboxId}/${id}`;
  await kysely.transaction().execute(async (trx) => {
    const end = await lockChain(trx, ref, 'denials');
    const known = await trx
      .selectFrom('sandbox_denials')
      .select(['sandbox_id as sandboxId', 'id'])
      .where('workspace_id', '=', ref.workspaceId)
      .where('run_id', '=', ref.runId)
      .where('id', '=', sql<string>`any(${clean.map(({ id }) => id)}::text[])`)
      .execute();
    const seen = new Set(known.map(({ sandboxId, id }) => `${sandboxId}/${id}`));
    const fresh = clean.filter((one) => !seen.has(placeOf(one)) && seen.add(placeOf(one)));
    await appendToChain(trx, ref, {
      ...{ chain: 'denials', end, records: fresh },
      insert: (entries) =>
        trx
          .insertInto('sandbox_denials')
          .values(entries.map((entry) => denialToRow(ref, entry)))
          .execute(),
    });
  });
}

/** Oldest first. Throws `run.not_found`. */
export async function listDenials(
  kysely: Kysely<Tables>,
  ref: RunRef,
  page: PageRequest,
): Promise<Page<DenialEntry>> {
  return pageOfChain(kysely, ref, {
    page,
    readAfter: (after) => denialsAfter(kysely, ref, after),
  });
}

/** Entries of the chain behind that number. */
export async function denialsAfter(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  { seq, limit }: After,
): Promise<readonly DenialEntry[]> {
  const rows = await kysely
    .selectFrom('sandbox_denials')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(denialFromRow);
}
