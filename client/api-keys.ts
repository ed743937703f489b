import type {
  ApiKey,
  CreateApiKeyRequest,
  CreatedApiKey,
  Me,
} from '../contracts/api-key.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Keys of the workspace; all but `me` is for keys of admins. */
export interface ApiKeys {
  /** A new key. Its text is in this answer and nowhere else. */
  create(body: CreateApiKeyRequest, options?: RequestOptions): Promise<CreatedApiKey>;
  /** Oldest first, revoked ones included. */
  list(): Paged<ApiKey>;
  /** Ends a key; it may work on for some seconds. */
  revoke(keyId: string, options?: RequestOptions): Promise<void>;
  /** Who the client's own key stands for, and what it may do. */
  me(options?: RequestOptions): Promise<Me>;
}

const API_KEYS = '/v1/api-keys';

/** The resource `api-keys`. */
export function createApiKeys(transport: Transport): ApiKeys {
  return {
    create: (body, { signal } = {}) =>
      transport.json({ method: 'POST', path: API_KEYS, body, signal, repeat: 'refused' }),
    list: () => createPaged(transport, { path: API_KEYS, query: {} }),
    revoke: (keyId, { signal } = {}) =>
      transport.json({ method: 'DELETE', path: `${API_KEYS}/${segment(keyId)}`, signal }),
    me: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/me', signal }),
  };
}
