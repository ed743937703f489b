import type {
  AuditCheck,
  CommandEntry,
  CommandRecord,
  RequestEntry,
  RequestRecord,
} from '../../contracts/sandbox-audit.ts';
import { denialsAfter } from './denials.ts';
import { appendToChain, checkChain, lockChain, pageOfChain, type After } from './audit-chain.ts';
import {
  commandFromRow,
  commandToRow,
  requestFromRow,
  requestToRow,
  storableCommand,
  storableRequest,
} from '../rows/audit-row.ts';
import type { Page, PageRequest } from '../stores/page.ts';
import type { Database } from '../database.ts';
import { epochOf } from '../runs/read-runs.ts';
import type { Kysely } from 'kysely';
import { putValue } from '../journal/values.ts';
import type { RunRef } from '../../contracts/journal.ts';
import { sql } from 'kysely';
import type { Tables } from '../tables.ts';

const PAGE = 1_000;
/** See `SandboxStore.recordCommands`. */
export async function recordCommands(
  database: Database,
  ref: RunRef,
  records: readonly CommandRecord[],
): Promise<void> {
  const clean: CommandRecord[] = [];
  for (const record of records) {
    const command = await putValue(database, ref.workspaceId, record.command);
    clean.push(storableCommand({ ...record, command }));
  }
  await database.kysely.transaction().execute(async (trx) => {
    const end = await lockChain(trx, ref, 'commands');
    const ids = clean.map(({ commandId }) => commandId);
    const known = await trx
      .selectFrom('sandbox_commands')
      .select('command_id')
      .where('workspace_id', '=', ref.workspaceId)
      .where('run_id', '=', ref.runId)
      .where('command_id', '=', sql<string>`any(${ids}::text[])`)
      .execute();
    const seen = new Set(known.map((row) => row.command_id));
    const fresh = clean.filter(({ commandId }) => !seen.has(commandId) && seen.add(commandId));
    await appendToChain(trx, ref, {
      ...{ chain: 'commands', end, records: fresh },
      insert: (entries) =>
        trx
          .insertInto('sandbox_commands')
          .values(entries.map((entry) => commandToRow(ref, entry)))
          .execute(),
    });
  });
}

/** See `SandboxStore.findCommand`. */
export async function findCommand(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  commandId: string,
): Promise<CommandEntry | null> {
  const row = await kysely
    .selectFrom('sandbox_commands')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('command_id', '=', commandId)
    .executeTakeFirst();
  return row === undefined ? null : commandFromRow(row);
}

/** See `SandboxStore.recordRequests`. */
export async function recordRequests(
  { kysely }: Database,
  ref: RunRef,
  records: readonly RequestRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await kysely.transaction().execute(async (trx) => {
    const end = await lockChain(trx, ref, 'requests');
    await appendToChain(trx, ref, {
      ...{ chain: 'requests', end, records: records.map(storableRequest) },
      insert: (entries) =>
        trx
          .insertInto('sandbox_requests')
          .values(entries.map((entry) => requestToRow(ref, entry)))
          .execute(),
    });
  });
}

/** Oldest first. Throws `run.not_found`. */
export async function listCommands(
  kysely: Kysely<Tables>,
  ref: RunRef,
  page: PageRequest,
): Promise<Page<CommandEntry>> {
  return pageOfChain(kysely, ref, {
    page,
    readAfter: (after) => commandsAfter(kysely, ref, after),
  });
}

/** Oldest first. Throws `run.not_found`. */
export async function listRequests(
  kysely: Kysely<Tables>,
  ref: RunRef,
  page: PageRequest,
): Promise<Page<RequestEntry>> {
  return pageOfChain(kysely, ref, {
    page,
    readAfter: (after) => requestsAfter(kysely, ref, after),
  });
}

/** See `SandboxStore.verifyChain`. */
export async function verifyAudit(kysely: Kysely<Tables>, ref: RunRef): Promise<AuditCheck> {
  await epochOf(kysely, ref.workspaceId, ref.runId);
  const reading = kysely.transaction().setIsolationLevel('repeatable read');
  return reading.execute(async (trx) => {
    const commands = await checkChain(trx, ref, {
      chain: 'commands',
      readAfter: (seq) => commandsAfter(trx, ref, { seq, limit: PAGE }),
    });
    const requests = await checkChain(trx, ref, {
      chain: 'requests',
      readAfter: (seq) => requestsAfter(trx, ref, { seq, limit: PAGE }),
    });
    const denials = await checkChain(trx, ref, {
      chain: 'denials',
      readAfter: (seq) => denialsAfter(trx, ref, { seq, limit: PAGE }),
    });
    const valid = [commands, requests, denials].every(({ brokenAt }) => brokenAt === null);
    return { valid, commands, requests, denials };
  });
}

async function commandsAfter(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  { seq, limit }: After,
): Promise<readonly CommandEntry[]> {
  const rows = await kysely
    .selectFrom('sandbox_commands')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(commandFromRow);
}

async function requestsAfter(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  { seq, limit }: After,
): Promise<readonly RequestEntry[]> {
  const rows = await kysely
    .selectFrom('sandbox_requests')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(requestFromRow);
}
