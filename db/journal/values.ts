import { deflateRaw, inflateRaw } from 'node:zlib';
import { AppError } from '../../contracts/app-error.ts';
import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import { isBlobRef, type Value } from '../../contracts/blob.ts';
import { largeValueText } from '../../contracts/value-size.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { promisify } from 'node:util';
import { storable } from '../json-text.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/** Speed over size: text shrinks several times at any level. */
const LEVEL = 1;

/** Stores a large value once and answers with a reference; others come back as they are. */
export async function putValue(
  database: Database,
  workspaceId: string,
  value: Value,
): Promise<Value> {
  const large = largeValueText(value);
  if (large === null) return value;
  const text = storable(large);
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = { workspaceId, sha256 };
  if (!(await hasBlob(database, key))) {
    const content = await deflate(bytes, { level: LEVEL });
    await database.kysely
      .insertInto('blobs')
      .values({ workspace_id: workspaceId, sha256, size_bytes: bytes.length, content })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return { $blob: sha256, sizeBytes: bytes.length };
}

/** Resolves a reference; other values come back as they are. Throws `blob.not_found`. */
export async function getValue(
  database: Database,
  workspaceId: string,
  value: Value,
): Promise<Value> {
  if (!isBlobRef(value)) return value;
  const row = await database.kysely
    .selectFrom('blobs')
    .select('content')
    .where('workspace_id', '=', workspaceId)
    .where('sha256', '=', value.$blob)
    .executeTakeFirst();
  if (row === undefined) {
    throw new AppError('blob.not_found', 'a stored value that is referred to does not exist');
  }
  const bytes = await inflate(row.content, { maxOutputLength: LIMITS.valueBytes });
  return parseValue(bytes.toString('utf8'));
}

/** Files are kept in the same table, and a reference may name one that is no value. */
function parseValue(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (cause) {
    throw new AppError('blob.not_found', 'what is referred to is no JSON value', { cause });
  }
}

async function hasBlob(
  database: Database,
  key: { readonly workspaceId: string; readonly sha256: string },
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('blobs')
    .select('sha256')
    .where('workspace_id', '=', key.workspaceId)
    .where('sha256', '=', key.sha256)
    .executeTakeFirst();
  return row !== undefined;
}
