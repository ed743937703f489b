import type { Chunk, ChunkChanges, ChunkDraft } from '../../contracts/knowledge.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { chunkFromRow } from '../rows/knowledge-row.ts';
import { createHash } from 'node:crypto';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';
import { unknownDocument } from './documents.ts';

/** The pieces of a document in their order, of the contents that they were cut from. */
export interface ReplaceChunks {
  readonly documentId: string;
  readonly revision: number;
  readonly chunks: readonly ChunkDraft[];
}

interface Plan {
  readonly kept: number;
  readonly moved: readonly Chunk[];
  readonly added: readonly Chunk[];
  readonly removed: readonly Chunk[];
}

/** Rows of one statement: each has 11 parameters, and a statement 65,535. */
const BATCH = 1_000;

/** See `KnowledgeStore.replaceChunks`; belongs into a transaction. */
export async function replaceChunks(
  trx: Kysely<Tables>,
  workspaceId: string,
  { documentId, revision, chunks }: ReplaceChunks,
): Promise<ChunkChanges> {
  checkSizes(chunks);
  await lockDocument(trx, workspaceId, { id: documentId, revision });
  const rows = await trx
    .selectFrom('chunks')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', documentId)
    .orderBy('position')
    .execute();
  const plan = planChunks(documentId, rows.map(chunkFromRow), chunks);
  await applyPlan(trx, workspaceId, plan);
  await trx
    .updateTable('documents')
    .set({ chunks: chunks.length, updated_at: sql<Date>`clock_timestamp()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', documentId)
    .execute();
  const { kept, moved, added, removed } = plan;
  return { kept, moved: moved.length, added, removed: removed.length };
}

/** Equal texts under equal headings keep their piece, whatever stands before them now. */
function planChunks(
  documentId: string,
  before: readonly Chunk[],
  drafts: readonly ChunkDraft[],
): Plan {
  const free = new Map<string, Chunk[]>();
  for (const chunk of before) free.set(chunk.hash, [...(free.get(chunk.hash) ?? []), chunk]);
  let kept = 0;
  const moved: Chunk[] = [];
  const added: Chunk[] = [];
  for (const [position, draft] of drafts.entries()) {
    const hash = chunkHash(draft);
    const old = free.get(hash)?.shift();
    if (old === undefined) {
      const id = newId('chunk');
      added.push({ ...draft, id, documentId, position, hash, version: 1 });
      continue;
    }
    const { page, start, end } = draft;
    const same =
      old.position === position && old.page === page && old.start === start && old.end === end;
    if (same) kept += 1;
    else moved.push({ ...old, position, page, start, end, version: old.version + 1 });
  }
  return { kept, moved, added, removed: [...free.values()].flat() };
}

async function applyPlan(
  trx: Kysely<Tables>,
  workspaceId: string,
  { moved, added, removed }: Plan,
): Promise<void> {
  await trx
    .deleteFrom('chunks')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${removed.map(({ id }) => id)}::text[])`)
    .execute();
  await moveChunks(trx, workspaceId, moved);
  for (let at = 0; at < added.length; at += BATCH) {
    const rows = added.slice(at, at + BATCH).map((chunk) => toRow(workspaceId, chunk));
    await trx.insertInto('chunks').values(rows).execute();
  }
  const subject = 'chunk';
  const items = [...moved, ...added];
  await noteChanges(trx, { workspaceId, subject, op: 'upsert', items });
  const gone = removed.map(({ id, version }) => ({ id, version: version + 1 }));
  await noteChanges(trx, { workspaceId, subject, op: 'delete', items: gone });
}

async function moveChunks(
  trx: Kysely<Tables>,
  workspaceId: string,
  moved: readonly Chunk[],
): Promise<void> {
  if (moved.length === 0) return;
  await sql`
    update chunks c set position = n.position, page = n.page, start_at = n.start_at,
      end_at = n.end_at, version = c.version + 1
    from unnest(${moved.map(({ id }) => id)}::text[], ${moved.map(({ position }) => position)}::int[],
      ${moved.map(({ page }) => page)}::int[], ${moved.map(({ start }) => start)}::int[],
      ${moved.map(({ end }) => end)}::int[]) as n (id, position, page, start_at, end_at)
    where c.workspace_id = ${workspaceId} and c.id = n.id`.execute(trx);
}

/** Throws `knowledge.conflict` when the document has other contents by now. */
async function lockDocument(
  trx: Kysely<Tables>,
  workspaceId: string,
  { id, revision }: { readonly id: string; readonly revision: number },
): Promise<void> {
  const row = await trx
    .selectFrom('documents')
    .select('revision')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw unknownDocument(id);
  if (row.revision === revision) return;
  throw new AppError('knowledge.conflict', `document ${id} has other contents by now`);
}

function checkSizes(chunks: readonly ChunkDraft[]): void {
  const large = chunks.some(({ text }) => Buffer.byteLength(text) > LIMITS.chunkBytes);
  if (!large && chunks.length <= LIMITS.chunksPerDocument) return;
  throw new AppError(
    'knowledge.too_large',
    `a document has ${LIMITS.chunksPerDocument} pieces of ${LIMITS.chunkBytes} bytes at most`,
  );
}

/** Headings belong to what is embedded, hence to the hash. */
function chunkHash({ text, headings }: ChunkDraft): string {
  return createHash('sha256')
    .update(JSON.stringify([headings, text]))
    .digest('hex');
}

function toRow(workspaceId: string, chunk: Chunk) {
  return {
    workspace_id: workspaceId,
    id: chunk.id,
    document_id: chunk.documentId,
    position: chunk.position,
    page: chunk.page,
    start_at: chunk.start,
    end_at: chunk.end,
    headings: chunk.headings.map((heading) => heading.replaceAll('\0', '\uFFFD')),
    text: chunk.text,
    hash: chunk.hash,
    version: chunk.version,
  };
}
