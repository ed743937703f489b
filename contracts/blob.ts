import { isJsonObject, type Json } from './json.ts';

/** Stands for a large value kept in the blob store; `$blob` is the SHA-256 of its canonical JSON. */
export interface BlobRef {
  readonly $blob: string;
  readonly sizeBytes: number;
}

/** A value that may travel by reference. */
export type Value = Json;

/** The key that marks a reference; refused in everything that comes from outside. */
export const BLOB_KEY = '$blob';

/** True when the value is a reference and not the value itself. */
export function isBlobRef(value: unknown): value is BlobRef {
  return isJsonObject(value) && typeof value[BLOB_KEY] === 'string';
}
