import type { Ingestion, IngestionProgress } from '../../contracts/knowledge.ts';
import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import { INGESTION_STEPS } from '../../contracts/knowledge.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { unknownDocument } from './documents.ts';
import { violatedUnique } from '../violation.ts';

/** How an ingestion ends. */
export type IngestionEnd =
  | { readonly state: 'succeeded' | 'cancelled' }
  | { readonly state: 'failed'; readonly error: string };

/** See `KnowledgeStore.startIngestion`. */
export async function startIngestion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  const id = newId('ingestion');
  try {
    const { rows } = await sql`
      insert into ingestions (workspace_id, id, document_id, revision)
      select d.workspace_id, ${id}, d.id, d.revision from documents d
      where d.workspace_id = ${workspaceId} and d.id = ${documentId}
      returning 1`.execute(kysely);
    if (rows.length === 0) throw unknownDocument(documentId);
  } catch (error) {
    if (violatedUnique(error) === null) throw error;
    throw new AppError('knowledge.conflict', `document ${documentId} is being ingested already`);
  }
  return getIngestion(kysely, workspaceId, id);
}

/** See `KnowledgeStore.ingestionStep`. */
export async function writeStep(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, progress }: { readonly id: string; readonly progress: IngestionProgress },
): Promise<void> {
  const { step, state, done, total } = progress;
  const { rows } = await sql`
    insert into ingestion_steps as s (workspace_id, ingestion_id, step, state, done, total, updated_at)
    select i.workspace_id, i.id, ${step}, ${state}, ${done}, ${total}::int, clock_timestamp()
    from ingestions i
    where i.workspace_id = ${workspaceId} and i.id = ${id} and i.state = 'running'
    on conflict (workspace_id, ingestion_id, step) do update set
      state = excluded.state, done = greatest(s.done, excluded.done), total = excluded.total,
      updated_at = excluded.updated_at
    returning 1`.execute(kysely);
  if (rows.length === 0) await getIngestion(kysely, workspaceId, id);
}

/** See `KnowledgeStore.endIngestion`. */
export async function endIngestion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, end }: { readonly id: string; readonly end: IngestionEnd },
): Promise<Ingestion> {
  await kysely
    .updateTable('ingestions')
    .set({
      state: end.state,
      error: end.state === 'failed' ? end.error : null,
      ended_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute();
  return getIngestion(kysely, workspaceId, id);
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
  if (row === undefined) throw new AppError('knowledge.ingestion_not_found', `no ingestion ${id}`);
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
