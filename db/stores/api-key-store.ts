import type { Principal } from '../../contracts/records.ts';
import type { Role } from '../../contracts/status.ts';

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
