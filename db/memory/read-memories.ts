import type {
  Memory,
  MemoryEvent,
  MemoryKind,
  MemoryScope,
  MemoryStatus,
} from '../../contracts/memory.ts';
import {
  memoryEventFromRow,
  memoryFromRow,
  MEMORY_COLUMNS,
  type MemoryRow,
} from '../rows/memory-row.ts';
import {
  numberPlace,
  rowsToRead,
  textPlace,
  toPage,
  type Page,
  type PageRequest,
} from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

/** Narrows a list of memories. */
export interface MemoryFilter {
  readonly kind?: MemoryKind;
  readonly scope?: MemoryScope;
  readonly userId?: string;
  readonly agentId?: string;
  readonly threadId?: string;
  readonly runId?: string;
  /** `active` by default. */
  readonly status?: MemoryStatus;
  /** Only what is so at this time. */
  readonly validAt?: string;
}

/** A part of all active memories, by id. */
export interface ScanRequest {
  /** The last one seen; absent at first. */
  readonly afterId?: string;
  /** At most `LIMITS.memoryBatch`. */
  readonly limit: number;
}

/** What is said of a memory that the workspace does not have. */
export function unknownMemory(id: string): AppError {
  return new AppError('memory.not_found', `no memory ${id}`);
}

/** See `MemoryStore.get`. */
export async function getMemory(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<Memory> {
  const [memory] = await getMemories(kysely, workspaceId, [id]);
  if (memory === undefined) throw unknownMemory(id);
  return memory;
}

/** See `MemoryStore.getMany`. */
export async function getMemories(
  kysely: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly Memory[]> {
  const { rows } = await sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m
    where m.workspace_id = ${workspaceId} and m.id = any(${ids}::text[])`.execute(kysely);
  const byId = new Map(rows.map((row) => [row.id, memoryFromRow(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** See `MemoryStore.list`. */
export async function listMemories(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: MemoryFilter; readonly page: PageRequest },
): Promise<Page<Memory>> {
  const place = textPlace(page);
  const { status = 'active', validAt } = filter;
  const conditions = [
    sql`m.workspace_id = ${workspaceId} and m.status = ${status}`,
    ...equalTo({
      kind: filter.kind,
      scope: filter.scope,
      user_id: filter.userId,
      agent_id: filter.agentId,
      thread_id: filter.threadId,
      run_id: filter.runId,
    }),
    ...(validAt === undefined
      ? []
      : [
          sql`m.valid_at <= ${new Date(validAt)}
            and (m.invalid_at is null or m.invalid_at > ${new Date(validAt)})`,
        ]),
    ...(place === null ? [] : [sql`m.id < ${place}`]),
  ];
  const { rows } = await sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m where ${sql.join(conditions, sql` and `)}
    order by m.id desc limit ${rowsToRead(page)}`.execute(kysely);
  return toPage(rows, page, { item: memoryFromRow, place: (row) => [row.id] });
}

/** See `MemoryStore.scan`. */
export async function scanMemories(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { afterId = '', limit }: ScanRequest,
): Promise<readonly Memory[]> {
  const { rows } = await sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m
    where m.workspace_id = ${workspaceId} and m.id > ${afterId} and m.status = 'active'
    order by m.id limit ${Math.min(limit, LIMITS.memoryBatch)}`.execute(kysely);
  return rows.map(memoryFromRow);
}

/** See `MemoryStore.history`. */
export async function memoryHistory(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, page }: { readonly id: string; readonly page: PageRequest },
): Promise<Page<MemoryEvent>> {
  const rows = await kysely
    .selectFrom('memory_history')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('memory_id', '=', id)
    .where('version', '>', numberPlace(page) ?? 0)
    .orderBy('version')
    .limit(rowsToRead(page))
    .execute();
  if (rows.length === 0) await getMemory(kysely, workspaceId, id);
  return toPage(rows, page, { item: memoryEventFromRow, place: (row) => [row.version] });
}

function equalTo(columns: Readonly<Record<string, string | undefined>>) {
  return Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [sql`${sql.ref(`m.${column}`)} = ${value}`],
  );
}
