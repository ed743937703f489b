import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { createHash } from 'node:crypto';
import { documentFromRow } from '../rows/knowledge-row.ts';
import type { DocumentState, KnowledgeDocument } from '../../contracts/knowledge.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { noteChanges } from '../projections/note-changes.ts';
import { unknownBase } from './bases.ts';

/** A document with its bytes, which is to be ingested. */
export interface NewDocument {
  readonly knowledgeBaseId: string;
  /** Its address or the name of its upload. */
  readonly source: string;
  readonly title: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
  /** Whose it is, for good: another person's of the same source is another document. */
  readonly userId?: string;
}

/**
 * `unchanged`: the owner's source had these bytes before, and there is nothing to ingest; its title is
 * the new one nevertheless.
 */
export interface PutDocument {
  readonly kind: 'created' | 'changed' | 'unchanged';
  readonly document: KnowledgeDocument;
}

/** Narrows a list of documents. */
export interface DocumentFilter {
  readonly knowledgeBaseId: string;
  readonly state?: DocumentState;
  /** Those of this person only. */
  readonly userId?: string;
}

/** What a document becomes; a failed one says why. */
export type DocumentProgress =
  | { readonly state: Exclude<DocumentState, 'failed'>; readonly revision: number }
  | { readonly state: 'failed'; readonly revision: number; readonly error: string };

/** See `KnowledgeStore.putDocument`; belongs into a transaction. */
export async function putDocument(
  trx: Kysely<Tables>,
  workspaceId: string,
  input: NewDocument,
): Promise<PutDocument> {
  const { knowledgeBaseId, source, content, userId = '' } = input;
  if (content.length > LIMITS.documentBytes) {
    throw new AppError(
      'knowledge.too_large',
      `a document has ${LIMITS.documentBytes} bytes at most`,
    );
  }
  // Who adds the same source at the same time waits here.
  const { rows } = await sql`
    select 1 from knowledge_bases where workspace_id = ${workspaceId} and id = ${knowledgeBaseId}
    for no key update`.execute(trx);
  if (rows.length === 0) throw unknownBase(knowledgeBaseId);
  const before = await trx
    .selectFrom('documents')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('knowledge_base_id', '=', knowledgeBaseId)
    .where(sql<boolean>`md5(source) = md5(${source})`)
    // Another person's contents are neither replaced nor told to be the same.
    .where(sql<boolean>`coalesce(user_id, '') = ${userId}`)
    .forUpdate()
    .executeTakeFirst();
  const contentHash = createHash('sha256').update(content).digest('hex');
  if (before === undefined) {
    return { kind: 'created', document: await insert(trx, workspaceId, { input, contentHash }) };
  }
  if (before.title !== input.title) await noteChunks(trx, workspaceId, before.id);
  if (before.content_hash === contentHash && before.state !== 'failed') {
    return { kind: 'unchanged', document: await retitle(trx, before, input.title) };
  }
  return { kind: 'changed', document: await renew(trx, before, { input, contentHash }) };
}

/** Has indexes read a document's pieces again: its title is found with each of them. */
async function noteChunks(
  trx: Kysely<Tables>,
  workspaceId: string,
  documentId: string,
): Promise<void> {
  const items = await trx
    .updateTable('chunks')
    .set({ version: sql<number>`version + 1` })
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', documentId)
    .returning(['id', 'version'])
    .execute();
  await noteChanges(trx, { workspaceId, subject: 'chunk', op: 'upsert', items });
}

async function retitle(
  trx: Kysely<Tables>,
  before: Selectable<Tables['documents']>,
  title: string,
): Promise<KnowledgeDocument> {
  if (before.title === title) return documentFromRow(before);
  const row = await trx
    .updateTable('documents')
    .set({ title, updated_at: sql<Date>`clock_timestamp()` })
    .where('workspace_id', '=', before.workspace_id)
    .where('id', '=', before.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return documentFromRow(row);
}

interface Hashed {
  readonly input: NewDocument;
  readonly contentHash: string;
}

async function insert(
  trx: Kysely<Tables>,
  workspaceId: string,
  { input, contentHash }: Hashed,
): Promise<KnowledgeDocument> {
  const row = await trx
    .insertInto('documents')
    .values({
      workspace_id: workspaceId,
      id: newId('document'),
      knowledge_base_id: input.knowledgeBaseId,
      source: input.source,
      title: input.title,
      media_type: input.mediaType,
      user_id: input.userId ?? null,
      content_hash: contentHash,
      size_bytes: input.content.length,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('document_contents')
    .values({ workspace_id: workspaceId, document_id: row.id, content: Buffer.from(input.content) })
    .execute();
  return documentFromRow(row);
}

async function renew(
  trx: Kysely<Tables>,
  before: Selectable<Tables['documents']>,
  { input, contentHash }: Hashed,
): Promise<KnowledgeDocument> {
  await trx
    .updateTable('document_contents')
    .set({ content: Buffer.from(input.content) })
    .where('workspace_id', '=', before.workspace_id)
    .where('document_id', '=', before.id)
    .execute();
  const row = await trx
    .updateTable('documents')
    .set({
      title: input.title,
      media_type: input.mediaType,
      content_hash: contentHash,
      size_bytes: input.content.length,
      state: 'pending',
      error: null,
      revision: before.revision + 1,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', before.workspace_id)
    .where('id', '=', before.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return documentFromRow(row);
}

/** See `KnowledgeStore.getDocument`. */
export async function getDocument(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<KnowledgeDocument> {
  const row = await kysely
    .selectFrom('documents')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw unknownDocument(id);
  return documentFromRow(row);
}

/** See `KnowledgeStore.documents`. */
export async function getDocuments(
  kysely: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly KnowledgeDocument[]> {
  const rows = await kysely
    .selectFrom('documents')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  return rows.map(documentFromRow);
}

/** See `KnowledgeStore.content`. */
export async function documentContent(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<Buffer> {
  const row = await kysely
    .selectFrom('document_contents')
    .select('content')
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw unknownDocument(id);
  return row.content;
}

/** See `KnowledgeStore.listDocuments`. */
export async function listDocuments(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: DocumentFilter; readonly page: PageRequest },
): Promise<Page<KnowledgeDocument>> {
  const { knowledgeBaseId, state, userId } = filter;
  const rows = await kysely
    .selectFrom('documents')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('knowledge_base_id', '=', knowledgeBaseId)
    .where('id', '>', textPlace(page) ?? '')
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'pending'))
    .orderBy('id')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, { item: documentFromRow, place: (row) => [row.id] });
}

/** See `KnowledgeStore.progress`. */
export async function progressDocument(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { id, progress }: { readonly id: string; readonly progress: DocumentProgress },
): Promise<boolean> {
  const { numUpdatedRows } = await kysely
    .updateTable('documents')
    .set({
      state: progress.state,
      error: progress.state === 'failed' ? progress.error : null,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('revision', '=', progress.revision)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What is said of a document that the workspace does not have. */
export function unknownDocument(id: string): AppError {
  return new AppError('knowledge.document_not_found', `no document ${id}`);
}
