import { deflateRaw, inflateRaw } from 'node:zlib';
import { AppError } from '../../contracts/app-error.ts';
import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { promisify } from 'node:util';
import { sql } from 'kysely';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
const LEVEL = 1;

/** Sizes of those contents that the workspace has stored, by SHA-256. */
export async function contentSizes(
  { kysely }: Database,
  workspaceId: string,
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (sha256s.length === 0) return new Map();
  const rows = await kysely
    .selectFrom('blobs')
    .select(['sha256', 'size_bytes'])
    .where('workspace_id', '=', workspaceId)
    .where('sha256', '=', sql<string>`any(${sha256s}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.sha256, row.size_bytes]));
}

/** Which of these contents, by SHA-256, the workspace has not stored yet. */
export async function missingContents(
  database: Database,
  workspaceId: string,
  sha256s: readonly string[],
): Promise<readonly string[]> {
  const wanted = [...new Set(sha256s)];
  const known = await contentSizes(database, workspaceId, wanted);
  return wanted.filter((sha256) => !known.has(sha256));
}

/** Stores contents once each; answers with their SHA-256 in order. Throws `file.too_large`. */
export async function putContents(
  database: Database,
  workspaceId: string,
  contents: readonly Uint8Array[],
): Promise<readonly string[]> {
  for (const bytes of contents) refuseTooLarge(bytes.length);
  const named = contents.map((bytes) => ({ bytes, sha256: sha256Of(bytes) }));
  const bySha = new Map(named.map(({ bytes, sha256 }) => [sha256, bytes]));
  // One statement each: those who store the same contents in another order cannot deadlock.
  for (const sha256 of await missingContents(database, workspaceId, [...bySha.keys()])) {
    const bytes = bySha.get(sha256) ?? new Uint8Array();
    await database.kysely
      .insertInto('blobs')
      .values({
        workspace_id: workspaceId,
        sha256,
        size_bytes: bytes.length,
        content: await deflate(bytes, { level: LEVEL }),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return named.map(({ sha256 }) => sha256);
}

/** The bytes of a content. Throws `blob.not_found`. */
export async function readContent(
  { kysely }: Database,
  workspaceId: string,
  sha256: string,
): Promise<Buffer> {
  const row = await kysely
    .selectFrom('blobs')
    .select('content')
    .where('workspace_id', '=', workspaceId)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (row === undefined) throw unknownContent(sha256);
  return inflate(row.content, { maxOutputLength: LIMITS.fileBytes });
}

/** What is said of a content that is not stored. */
export function unknownContent(sha256: string): AppError {
  return new AppError('blob.not_found', `the content ${sha256} is not stored`);
}

/** Throws `file.too_large`. */
export function refuseTooLarge(sizeBytes: number): void {
  if (sizeBytes <= LIMITS.fileBytes) return;
  throw new AppError('file.too_large', `a file has more than ${LIMITS.fileBytes} bytes`);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
