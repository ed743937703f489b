import { isBlobRef, type BlobRef, type Value } from '../contracts/blob.ts';
import type { Json } from '../contracts/json.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Large values, which travel by reference. */
export interface Values {
  /** The value behind a reference; a value that is none comes back as it is. */
  get(value: Value | BlobRef, options?: RequestOptions): Promise<Json>;
}

/** The resource `values`. */
export function createValues(transport: Transport): Values {
  return {
    get: async (value, { signal } = {}) => {
      if (!isBlobRef(value)) return value;
      const path = `/v1/values/${segment(value.$blob)}`;
      return transport.json<Json>({ method: 'GET', path, signal });
    },
  };
}
