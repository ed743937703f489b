import { createHash } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import { canonicalJson } from '../../contracts/canonical-json.ts';
import type { ChainCheck, ChainLink } from '../../contracts/sandbox-audit.ts';
import type { Json } from '../../contracts/json.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';
import { epochOf, unknownRun } from '../runs/read-runs.ts';
import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { violatesForeignKey } from '../violation.ts';

/** Which of a run's chains. */
export type ChainName = 'commands' | 'requests' | 'denials';

/** Which entries of a chain are read: those behind a number. */
export interface After {
  readonly seq: number;
  readonly limit: number;
}

/** Rows of one statement: each has 20 parameters at most, and a statement 65,535. */
const BATCH = 1_000;

/** What the first entry's hash goes on from. */
const START = '';

/** The records with their numbers and hashes. */
function linkEntries<T extends object>(
  end: ChainLink,
  records: readonly T[],
): readonly (T & ChainLink)[] {
  let { seq, hash } = end;
  return records.map((record) => {
    seq += 1;
    hash = hashOf(hash, { ...record, seq });
    return { ...record, seq, hash };
  });
}

/** Locks a run's chain; answers with its end. Throws `run.not_found`. */
export async function lockChain(
  trx: Transaction<Tables>,
  { workspaceId, runId }: RunRef,
  chain: ChainName,
): Promise<ChainLink> {
  try {
    const { rows } = await sql<{ length: number; hash: string }>`
      insert into sandbox_audits as audit (workspace_id, run_id, chain, length, hash)
      values (${workspaceId}, ${runId}, ${chain}, 0, ${START})
      on conflict (workspace_id, run_id, chain) do update set length = audit.length
      returning length, hash`.execute(trx);
    const [row] = rows;
    if (row === undefined) throw new Error('the chain was not made');
    return { seq: row.length, hash: row.hash };
  } catch (error) {
    if (violatesForeignKey(error)) throw unknownRun(runId);
    throw error;
  }
}

/** Appends records to a chain that the caller has locked; `insert` writes a batch of its entries. */
export async function appendToChain<T extends object>(
  trx: Transaction<Tables>,
  ref: RunRef,
  to: {
    readonly chain: ChainName;
    readonly end: ChainLink;
    readonly records: readonly T[];
    readonly insert: (entries: readonly (T & ChainLink)[]) => Promise<unknown>;
  },
): Promise<void> {
  const entries = linkEntries(to.end, to.records);
  for (let at = 0; at < entries.length; at += BATCH) await to.insert(entries.slice(at, at + BATCH));
  const last = entries.at(-1);
  if (last !== undefined) await endChain(trx, ref, { chain: to.chain, end: last });
}

/** A page of a run's chain, oldest first. Throws `run.not_found`. */
export async function pageOfChain<T extends ChainLink>(
  kysely: Kysely<Tables>,
  ref: RunRef,
  of: {
    readonly page: PageRequest;
    readonly readAfter: (after: After) => Promise<readonly T[]>;
  },
): Promise<Page<T>> {
  await epochOf(kysely, ref.workspaceId, ref.runId);
  const after = { seq: numberPlace(of.page) ?? 0, limit: rowsToRead(of.page) };
  const entries = await of.readAfter(after);
  return toPage(entries, of.page, { item: (entry) => entry, place: ({ seq }) => [seq] });
}

/** Notes where a locked chain ends now. */
async function endChain(
  trx: Transaction<Tables>,
  { workspaceId, runId }: RunRef,
  to: { readonly chain: ChainName; readonly end: ChainLink },
): Promise<void> {
  await trx
    .updateTable('sandbox_audits')
    .set({ length: to.end.seq, hash: to.end.hash })
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('chain', '=', to.chain)
    .execute();
}

/**
 * Reads a chain from its beginning, a page at a time, and finds where it is not as it was written.
 * The caller's transaction sees one state throughout.
 */
export async function checkChain(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  of: {
    readonly chain: ChainName;
    readonly readAfter: (seq: number) => Promise<readonly ChainLink[]>;
  },
): Promise<ChainCheck> {
  const noted = await kysely
    .selectFrom('sandbox_audits')
    .select(['length', 'hash'])
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('chain', '=', of.chain)
    .executeTakeFirst();
  const length = noted?.length ?? 0;
  let seq = 0;
  let hash = START;
  for (let page = await of.readAfter(0); page.length > 0; page = await of.readAfter(seq)) {
    for (const { hash: written, ...record } of page) {
      const expected = hashOf(hash, record);
      if (record.seq !== seq + 1 || written !== expected) return { length, brokenAt: seq + 1 };
      seq += 1;
      hash = written;
    }
  }
  if (seq !== length) return { length, brokenAt: Math.min(seq, length) + 1 };
  return { length, brokenAt: hash === (noted?.hash ?? START) ? null : length };
}

/** Of the entry's content without its own hash, and of the hash before. */
function hashOf(before: string, record: object): string {
  // Entries are made of JSON values alone.
  const text = canonicalJson(record as Json);
  return createHash('sha256').update(`${before}\n${text}`).digest('hex');
}
