import { sql, type Kysely } from 'kysely';
import type {
  WorkingMemory,
  WorkingMemoryOwner,
  WorkingValue,
} from '../../contracts/working-memory.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { Json } from '../../contracts/json.ts';
import { jsonText } from '../json-text.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';
import { violatesForeignKey } from '../violation.ts';

/** A value that is to be kept; `userId` says whom it tells of, so that erasing the person erases it. */
export interface NewWorkingValue {
  readonly key: string;
  readonly value: Json;
  readonly userId?: string;
}

/** What a run or a thread has in mind: each value is gone an hour after its last use. */
export interface WorkingMemoryStore {
  /**
   * Throws `working_memory.full` when all values together would be too large, `run.not_found`,
   * `thread.not_found`.
   */
  set(
    workspaceId: string,
    owner: WorkingMemoryOwner,
    value: NewWorkingValue,
  ): Promise<WorkingValue>;
  /** Counts as a use. Throws `working_memory.not_found`. */
  get(workspaceId: string, owner: WorkingMemoryOwner, key: string): Promise<WorkingValue>;
  /** All of them by key, for prompts and for people; counts as a use only if `use` is true. */
  list(
    workspaceId: string,
    owner: WorkingMemoryOwner,
    options?: { readonly use?: boolean },
  ): Promise<WorkingMemory>;
  /** False if there was none. */
  delete(workspaceId: string, owner: WorkingMemoryOwner, key: string): Promise<boolean>;
  /** Removes what is gone already from all workspaces; answers with how many. */
  deleteExpired(limit: number): Promise<number>;
}

interface Row {
  readonly key: string;
  readonly value: Json;
  readonly size_bytes: number;
  readonly updated_at: Date;
  readonly expires_at: Date;
}

const COLUMNS = sql`w.key, w.value, w.size_bytes, w.updated_at, w.expires_at`;

/** Working memory on PostgreSQL; `clock` says what time it is. */
export function createWorkingMemoryStore(
  { kysely }: Database,
  clock: () => Date = () => new Date(),
): WorkingMemoryStore {
  return {
    set: (ws, owner, value) =>
      kysely.transaction().execute((trx) => setValue(trx, ws, { owner, value, now: clock() })),
    get: async (ws, owner, key) => {
      const [row] = await useValues(kysely, ws, { owner, key, now: clock() });
      if (row === undefined) throw new AppError('working_memory.not_found', `nothing at ${key}`);
      return fromRow(row);
    },
    list: async (ws, owner, { use = false } = {}) => {
      const now = clock();
      const rows = use
        ? await useValues(kysely, ws, { owner, key: null, now })
        : await readValues(kysely, ws, { owner, now });
      const items = rows.map(fromRow).sort((a, b) => (a.key < b.key ? -1 : 1));
      const sizeBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0);
      return { items, sizeBytes, limitBytes: LIMITS.workingMemoryBytes };
    },
    delete: async (ws, owner, key) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('working_memory')
        .where('workspace_id', '=', ws)
        .where('owner_id', '=', ownerId(owner))
        .where('key', '=', key)
        .where('expires_at', '>', clock())
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    deleteExpired: (limit) => deleteExpired(kysely, { now: clock(), limit }),
  };
}

async function setValue(
  trx: Kysely<Tables>,
  workspaceId: string,
  request: {
    readonly owner: WorkingMemoryOwner;
    readonly value: NewWorkingValue;
    readonly now: Date;
  },
): Promise<WorkingValue> {
  const { owner, value, now } = request;
  const id = ownerId(owner);
  const text = jsonText(value.value);
  const sizeBytes = Buffer.byteLength(text) + Buffer.byteLength(value.key);
  // Writers of one owner take turns: together they must not exceed what each alone may not.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${workspaceId}/${id}`}, 7))`.execute(
    trx,
  );
  const { rows } = await sql<{ readonly bytes: number; readonly keys: number }>`
    select coalesce(sum(size_bytes), 0) as bytes, count(*) as keys from working_memory
    where workspace_id = ${workspaceId} and owner_id = ${id} and key <> ${value.key}
      and expires_at > ${now}`.execute(trx);
  const { bytes = 0, keys = 0 } = rows[0] ?? {};
  if (bytes + sizeBytes > LIMITS.workingMemoryBytes || keys >= LIMITS.workingMemoryKeys) {
    throw new AppError(
      'working_memory.full',
      `the working memory has ${LIMITS.workingMemoryBytes} bytes and ${LIMITS.workingMemoryKeys} keys at most: delete some first`,
    );
  }
  try {
    const made = await sql<Row>`
      insert into working_memory as w
        (workspace_id, run_id, thread_id, key, user_id, value, size_bytes, updated_at, expires_at)
      values (${workspaceId}, ${'runId' in owner ? owner.runId : null},
        ${'threadId' in owner ? owner.threadId : null}, ${value.key}, ${value.userId ?? null},
        ${text}::jsonb, ${sizeBytes}, ${now}, ${expiry(now)})
      on conflict (workspace_id, owner_id, key) do update set
        user_id = excluded.user_id, value = excluded.value, size_bytes = excluded.size_bytes,
        updated_at = excluded.updated_at, expires_at = excluded.expires_at
      returning ${COLUMNS}`.execute(trx);
    const [row] = made.rows;
    if (row === undefined) throw new Error('the value was not kept');
    return fromRow(row);
  } catch (error) {
    if (!violatesForeignKey(error)) throw error;
    throw new AppError('runId' in owner ? 'run.not_found' : 'thread.not_found', `no ${id}`);
  }
}

/** Reads values and gives them another hour; null: all of them. */
async function useValues(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: { readonly owner: WorkingMemoryOwner; readonly key: string | null; readonly now: Date },
): Promise<readonly Row[]> {
  const { owner, key, now } = request;
  const { rows } = await sql<Row>`
    with used as materialized (
      select key from working_memory
      where workspace_id = ${workspaceId} and owner_id = ${ownerId(owner)}
        and expires_at > ${now} and (${key}::text is null or key = ${key})
      order by key for update)
    update working_memory w set expires_at = ${expiry(now)} from used
    where w.workspace_id = ${workspaceId} and w.owner_id = ${ownerId(owner)} and w.key = used.key
    returning ${COLUMNS}`.execute(kysely);
  return rows;
}

async function readValues(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { owner, now }: { readonly owner: WorkingMemoryOwner; readonly now: Date },
): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    select ${COLUMNS} from working_memory w
    where w.workspace_id = ${workspaceId} and w.owner_id = ${ownerId(owner)}
      and w.expires_at > ${now}`.execute(kysely);
  return rows;
}

async function deleteExpired(
  kysely: Kysely<Tables>,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  const { rows } = await sql`
    delete from working_memory where ctid = any(array(
      select ctid from working_memory where expires_at <= ${now}
      order by expires_at limit ${limit} for update skip locked))
    returning 1`.execute(kysely);
  return rows.length;
}

function ownerId(owner: WorkingMemoryOwner): string {
  return 'runId' in owner ? owner.runId : owner.threadId;
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + LIMITS.workingMemoryMs);
}

function fromRow(row: Row): WorkingValue {
  return {
    key: row.key,
    value: row.value,
    sizeBytes: row.size_bytes,
    updatedAt: row.updated_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}
