import { denialFromRow, denialToRow, storableDenial } from '../rows/audit-row.ts';
import { endChain, linkEntries, lockChain } from './audit-chain.ts';
import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import type { Database } from '../database.ts';
import type { DenialEntry, DenialRecord } from '../../contracts/sandbox-audit.ts';
import { epochOf } from '../runs/read-runs.ts';
import type { Kysely } from 'kysely';
import type { RunRef } from '../../contracts/journal.ts';
import { sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** Rows of one statement: each has 12 parameters at most, and a statement 65,535. */
const BATCH = 1_000;

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
    const entries = linkEntries(end, fresh);
    for (let at = 0; at < entries.length; at += BATCH) {
      const rows = entries.slice(at, at + BATCH).map((entry) => denialToRow(ref, entry));
      await trx.insertInto('sandbox_denials').values(rows).execute();
    }
    const last = entries.at(-1);
    if (last !== undefined) await endChain(trx, ref, { chain: 'denials', end: last });
  });
}

/** Oldest first. Throws `run.not_found`. */
export async function listDenials(
  kysely: Kysely<Tables>,
  ref: RunRef,
  page: PageRequest,
): Promise<Page<DenialEntry>> {
  await epochOf(kysely, ref.workspaceId, ref.runId);
  const after = { seq: numberPlace(page) ?? 0, limit: rowsToRead(page) };
  const entries = await denialsAfter(kysely, ref, after);
  return toPage(entries, page, { item: (entry) => entry, place: ({ seq }) => [seq] });
}

/** Entries of the chain behind that number. */
export async function denialsAfter(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  { seq, limit }: { readonly seq: number; readonly limit: number },
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
