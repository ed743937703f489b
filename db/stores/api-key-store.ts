import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ID_PREFIXES, newId } from '../../contracts/ids.ts';
import type { Database } from '../database.ts';
import type { Principal } from '../../contracts/records.ts';
import type { Role } from '../../contracts/status.ts';
import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

/** An API key without its secret. Times are ISO 8601. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly role: Role;
  /** First characters of the key's text, to tell keys apart. */
  readonly prefix: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** API keys; secrets are kept as keyed hashes. */
export interface ApiKeyStore {
  /** `key` is the text to hand out; it cannot be read again. */
  create(
    workspaceId: string,
    input: { readonly name: string; readonly role: Role },
  ): Promise<{ readonly key: string; readonly record: ApiKeyRecord }>;
  /** Who a key's text stands for; null when it is unknown, wrong or revoked. */
  find(keyText: string): Promise<Principal | null>;
  /** True when it was valid until now. */
  revoke(workspaceId: string, apiKeyId: string): Promise<boolean>;
  /** Oldest first, revoked ones included. */
  list(workspaceId: string): Promise<readonly ApiKeyRecord[]>;
}

const SECRET_BYTES = 32;
const HASH_BYTES = 32;
/** `hf_`, the id without its prefix, `_`, the secret. */
const KEY_TEXT = /^hf_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;
const PREFIX_CHARS = 11;

/** API keys on PostgreSQL; the pepper is a secret of the installation, outside the database. */
export function createApiKeyStore({ kysely }: Database, pepper: string): ApiKeyStore {
  const hash = (keyText: string): Buffer => createHmac('sha256', pepper).update(keyText).digest();
  return {
    create: async (workspaceId, { name, role }) => {
      const id = newId('apiKey');
      const idPart = id.slice(ID_PREFIXES.apiKey.length + 1);
      const key = `hf_${idPart}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const row = await kysely
        .insertInto('api_keys')
        .values({
          workspace_id: workspaceId,
          id,
          name,
          role,
          secret_hash: hash(key),
          prefix: key.slice(0, PREFIX_CHARS),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return { key, record: fromRow(row) };
    },
    find: async (keyText) => {
      const idPart = KEY_TEXT.exec(keyText)?.[1];
      if (idPart === undefined) return null;
      const row = await kysely
        .selectFrom('api_keys')
        .selectAll()
        .where('id', '=', `${ID_PREFIXES.apiKey}_${idPart}`)
        .executeTakeFirst();
      // Compared even when there is no such key, so that the time taken does not tell.
      const fits = timingSafeEqual(row?.secret_hash ?? Buffer.alloc(HASH_BYTES), hash(keyText));
      if (row === undefined || !fits || row.revoked_at !== null) return null;
      return { apiKeyId: row.id, workspaceId: row.workspace_id, role: row.role };
    },
    revoke: async (workspaceId, apiKeyId) => {
      const { numUpdatedRows } = await kysely
        .updateTable('api_keys')
        .set({ revoked_at: new Date() })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', apiKeyId)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    list: async (workspaceId) => {
      const rows = await kysely
        .selectFrom('api_keys')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .orderBy('id')
        .execute();
      return rows.map(fromRow);
    },
  };
}

function fromRow(row: Selectable<Tables['api_keys']>): ApiKeyRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    role: row.role,
    prefix: row.prefix,
    createdAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
