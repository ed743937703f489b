import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { deleteDocuments } from './erase-documents.ts';
import type { KnowledgeBase } from '../../contracts/knowledge.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { violatedUnique } from '../violation.ts';

interface BaseRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly description: string;
  readonly documents: number;
  readonly created_at: Date;
}

const COLUMNS = sql`b.id, b.workspace_id, b.name, b.description, b.created_at,
  (select count(*) from documents d
    where d.workspace_id = b.workspace_id and d.knowledge_base_id = b.id) as documents`;

/** See `KnowledgeStore.createBase`. */
export async function createBase(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { name, description }: Pick<KnowledgeBase, 'name' | 'description'>,
): Promise<KnowledgeBase> {
  const id = newId('knowledgeBase');
  try {
    await kysely
      .insertInto('knowledge_bases')
      .values({ workspace_id: workspaceId, id, name, description })
      .execute();
  } catch (error) {
    throw nameTaken(error, name);
  }
  return getBase(kysely, workspaceId, id);
}

/** See `KnowledgeStore.getBase`. */
export async function getBase(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<KnowledgeBase> {
  const { rows } = await sql<BaseRow>`
    select ${COLUMNS} from knowledge_bases b
    where b.workspace_id = ${workspaceId} and b.id = ${id}`.execute(kysely);
  const [row] = rows;
  if (row === undefined) throw unknownBase(id);
  return fromRow(row);
}

/** See `KnowledgeStore.listBases`. */
export async function listBases(
  kysely: Kysely<Tables>,
  workspaceId: string,
  page: PageRequest,
): Promise<Page<KnowledgeBase>> {
  const { rows } = await sql<BaseRow>`
    select ${COLUMNS} from knowledge_bases b
    where b.workspace_id = ${workspaceId} and b.id > ${textPlace(page) ?? ''}
    order by b.id limit ${rowsToRead(page)}`.execute(kysely);
  return toPage(rows, page, { item: fromRow, place: (row) => [row.id] });
}

/** What is to be different; absent fields stay. */
export interface BaseChange {
  readonly name?: string;
  readonly description?: string;
}

/** See `KnowledgeStore.updateBase`. */
export async function updateBase(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, change }: { readonly id: string; readonly change: BaseChange },
): Promise<KnowledgeBase> {
  const { name = null, description = null } = change;
  try {
    await sql`
      update knowledge_bases b set name = coalesce(${name}::text, b.name),
        description = coalesce(${description}::text, b.description)
      where b.workspace_id = ${workspaceId} and b.id = ${id}`.execute(kysely);
  } catch (error) {
    throw nameTaken(error, name ?? '');
  }
  return getBase(kysely, workspaceId, id);
}

/** See `KnowledgeStore.deleteBase`. */
export async function deleteBase(
  trx: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<void> {
  // Locked: nothing can be added while it goes. Whoever notes a page of a crawl locks it first, too.
  const { rows } = await sql`
    select 1 from knowledge_bases where workspace_id = ${workspaceId} and id = ${id}
    for update`.execute(trx);
  if (rows.length === 0) throw unknownBase(id);
  // Before the documents, as an erasure does.
  await trx
    .deleteFrom('crawls')
    .where('workspace_id', '=', workspaceId)
    .where('knowledge_base_id', '=', id)
    .execute();
  const inBase = sql`d.workspace_id = ${workspaceId} and d.knowledge_base_id = ${id}`;
  await deleteDocuments(trx, { workspaceId, only: inBase });
  await trx
    .deleteFrom('knowledge_bases')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute();
}

/** What is said of a knowledge base that the workspace does not have. */
export function unknownBase(id: string): AppError {
  return new AppError('knowledge.base_not_found', `no knowledge base ${id}`);
}

function nameTaken(error: unknown, name: string): unknown {
  if (violatedUnique(error) === null) return error;
  return new AppError('knowledge.name_taken', `there is a knowledge base ${name} already`);
}

function fromRow(row: BaseRow): KnowledgeBase {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    description: row.description,
    documents: row.documents,
    createdAt: row.created_at.toISOString(),
  };
}
