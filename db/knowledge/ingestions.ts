import type { Ingestion, IngestionProgress } from '../../contracts/knowledge.ts';
import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { addEvent } from './ingestion-events.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { IngestionEventDraft } from '../../contracts/ingestion-event.ts';
import { INGESTION_STEPS } from '../../contracts/knowledge.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { unknownDocument } from './documents.ts';
import { unknownIngestion } from './unknown-ingestion.ts';
import { violatedUnique } from '../violation.ts';

/** How an ingestion ends. */
export type IngestionEnd =
  | { readonly state: 'succeeded' | 'cancelled' }
  | { readonly state: 'failed'; readonly error: string };

interface IngestionKey {
  readonly workspaceId: string;
  readonly id: string;
}

/** See `KnowledgeStore.startIngestion`. */
export async function startIngestion(
  trx: Transaction<Tables>,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  const id = newId('ingestion');
  const { revision } = await insertIngestion(trx, { workspaceId, documentId, id });
  const data = { documentId, revision };
  await addEvent(trx, { workspaceId, id }, { type: 'ingestion.started', data });
  return getIngestion(trx, workspaceId, id);
}

async function insertIngestion(
  trx: Transaction<Tables>,
  { workspaceId, documentId, id }: IngestionKey & { readonly documentId: string },
): Promise<Pick<Ingestion, 'revision'>> {
  try {
    const { rows } = await sql<Pick<Ingestion, 'revision'>>`
      insert into ingestions (workspace_id, id, document_id, revision)
      select d.workspace_id, ${id}, d.id, d.revision from documents d
      where d.workspace_id = ${workspaceId} and d.id = ${documentId}
      returning revision`.execute(trx);
    const [made] = rows;
    if (made === undefined) throw unknownDocument(documentId);
    return made;
  } catch (error) {
    if (violatedUnique(error) === null) throw error;
    throw new AppError('knowledge.conflict', `document ${documentId} is being ingested already`);
  }
}

/**
 * See `KnowledgeStore.ingestionStep`. The number of events is bounded, for a batch of 64 pieces that
 * is embedded is one, a document has a limited number of pieces, and what a repeated activity writes
 * again is none.
 */
export async function writeStep(
  trx: Transaction<Tables>,
  workspaceId: string,
  { id, progress }: { readonly id: string; readonly progress: IngestionProgress },
): Promise<void> {
  const key = { workspaceId, id };
  const changed = (await lockRunning(trx, key)) ? await upsertStep(trx, key, progress) : null;
  if (changed !== null) await addEvent(trx, key, { type: 'ingestion.step', data: changed });
}

/** False if it has ended: then nothing of it changes any more. */
async function lockRunning(
  trx: Transaction<Tables>,
  { workspaceId, id }: IngestionKey,
): Promise<boolean> {
  const row = await trx
    .selectFrom('ingestions')
    .select('state')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined) throw unknownIngestion(id);
  return row.state === 'running';
}

/**
 * Writes the step of an ingestion that is locked; answers with what it is now, or null if it was that
 * before. The time is written in any case: it tells the sweeper that somebody works on it.
 */
async function upsertStep(
  trx: Transaction<Tables>,
  { workspaceId, id }: IngestionKey,
  { step, state, done, total }: IngestionProgress,
): Promise<IngestionProgress | null> {
  const { rows } = await sql<IngestionProgress>`
    with before as (
      select state, done, total from ingestion_steps
      where workspace_id = ${workspaceId} and ingestion_id = ${id} and step = ${step}),
    written as (
      insert into ingestion_steps as s
        (workspace_id, ingestion_id, step, state, done, total, updated_at)
      values (${workspaceId}, ${id}, ${step}, ${state}, ${done}, ${total}::int, clock_timestamp())
      on conflict (workspace_id, ingestion_id, step) do update set
        state = excluded.state, done = greatest(s.done, excluded.done), total = excluded.total,
        updated_at = excluded.updated_at
      returning step, state, done, total)
    select w.* from written w
    where not exists (
      select from before b
      where (b.state, b.done, b.total) is not distinct from (w.state, w.done, w.total))`.execute(
    trx,
  );
  return rows[0] ?? null;
}

/** See `KnowledgeStore.endIngestion`. */
export async function endIngestion(
  trx: Transaction<Tables>,
  workspaceId: string,
  { id, end }: { readonly id: string; readonly end: IngestionEnd },
): Promise<Ingestion> {
  const { numUpdatedRows } = await trx
    .updateTable('ingestions')
    .set({
      state: end.state,
      error: end.state === 'failed' ? end.error : null,
      ended_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await addEvent(trx, { workspaceId, id }, endEvent(end));
  return getIngestion(trx, workspaceId, id);
}

function endEvent(end: IngestionEnd): IngestionEventDraft {
  switch (end.state) {
    case 'succeeded':
      return { type: 'ingestion.succeeded', data: {} };
    case 'cancelled':
      return { type: 'ingestion.cancelled', data: {} };
    case 'failed':
      return { type: 'ingestion.failed', data: { error: end.error } };
  }
}

/** See `KnowledgeStore.ingestion`. */
export async function getIngestion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<Ingestion> {
  const row = await kysely
    .selectFrom('ingestions')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw unknownIngestion(id);
  return withSteps(kysely, row);
}

/** See `KnowledgeStore.lastIngestion`. */
export async function lastIngestion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion | null> {
  const row = await kysely
    .selectFrom('ingestions')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', documentId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : withSteps(kysely, row);
}

/** See `KnowledgeStore.listIngestions`. */
export async function listIngestions(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { documentId, page }: { readonly documentId: string; readonly page: PageRequest },
): Promise<Page<Ingestion>> {
  const place = textPlace(page);
  const rows = await kysely
    .selectFrom('ingestions')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', documentId)
    .$if(place !== null, (query) => query.where('id', '<', place ?? ''))
    .orderBy('id', 'desc')
    .limit(rowsToRead(page))
    .execute();
  const found = toPage(rows, page, { item: (row) => row, place: (row) => [row.id] });
  const items = await Promise.all(found.items.map((row) => withSteps(kysely, row)));
  return { ...found, items };
}

async function withSteps(
  kysely: Kysely<Tables>,
  row: Selectable<Tables['ingestions']>,
): Promise<Ingestion> {
  const steps = await kysely
    .selectFrom('ingestion_steps')
    .select(['step', 'state', 'done', 'total'])
    .where('workspace_id', '=', row.workspace_id)
    .where('ingestion_id', '=', row.id)
    .execute();
  const inOrder = steps.toSorted(
    (a, b) => INGESTION_STEPS.indexOf(a.step) - INGESTION_STEPS.indexOf(b.step),
  );
  return {
    id: row.id,
    documentId: row.document_id,
    revision: row.revision,
    state: row.state,
    error: row.error,
    steps: inOrder,
    lastEventSeq: row.events,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}

/** See `KnowledgeStore.quietIngestions`. */
export async function quietIngestions(
  kysely: Kysely<Tables>,
  { quietMs, limit }: { readonly quietMs: number; readonly limit: number },
): Promise<readonly IngestionRef[]> {
  const { rows } = await sql<IngestionRef>`
    select i.workspace_id as "workspaceId", i.document_id as "documentId", i.id as "ingestionId"
    from ingestions i
    left join lateral (
      select max(s.updated_at) as at from ingestion_steps s
      where s.workspace_id = i.workspace_id and s.ingestion_id = i.id) last on true
    where i.state = 'running'
      and coalesce(last.at, i.started_at) < clock_timestamp() - ${quietMs} * interval '1 millisecond'
    order by coalesce(last.at, i.started_at) limit ${limit}`.execute(kysely);
  return rows;
}
