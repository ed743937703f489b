import { createHash } from 'node:crypto';
import type { Schemas } from '@qdrant/js-client-rest';
import { unitVector } from '../dense/unit-vector.ts';
import { toNumbers, toTokens } from './filter.ts';
import { escapeName } from './names.ts';
import { toSparseDocument } from './sparse-text.ts';
import type { IndexEntry, Retention } from '../port.ts';

/** The sparse vector of every point's text. */
export const LEXICAL_VECTOR = 'bm25';

/** An entry as Qdrant stores it; generations give it ids. */
export interface PreparedEntry {
  readonly id: string;
  readonly version: number;
  /** Of all that is indexed: entries of one digest differ in their payload alone. */
  readonly digest: string;
  readonly vector: Record<string, number[] | { indices: number[]; values: number[] }>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The dense vector of a set of vectors. */
export function vectorNameOf(set: string): string {
  return `set-${escapeName(set)}`;
}

/** Refuses vectors without a direction. */
export function prepare(entry: IndexEntry): PreparedEntry {
  const { id, version, profile, attributes, retention, vectors } = entry;
  const units = vectors.map(({ set, values }) => ({ set, values: unitVector(values) }));
  const digest = createHash('sha256').update(JSON.stringify([id, profile, entry.text]));
  for (const { set, values } of units) {
    digest.update(JSON.stringify(set));
    digest.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const hash = digest.digest('base64url');
  const lexical = toSparseDocument(entry.text, profile);
  const dense = units.map(({ set, values }) => [vectorNameOf(set), Array.from(values)] as const);
  return {
    id,
    version,
    digest: hash,
    vector: {
      ...(lexical.indices.length === 0 ? {} : { [LEXICAL_VECTOR]: lexical }),
      ...Object.fromEntries(dense),
    },
    payload: {
      id,
      version,
      profile,
      digest: hash,
      attributes: toTokens(attributes),
      numbers: toNumbers(attributes),
      ...toRetentionPayload(retention),
    },
  };
}

/** The retention that a payload states. */
export function fromRetentionPayload(payload: Schemas['Payload']): Retention | null {
  const { last_access_at: lastAccessAt, stability_s: stability } = payload;
  if (typeof lastAccessAt !== 'string' || typeof stability !== 'number') return null;
  return { lastAccessAt: Date.parse(lastAccessAt), stabilityMs: stability * 1_000 };
}

/** Moments are dates, for a formula's numbers are too coarse for them; what never fades has none. */
function toRetentionPayload(retention: Retention | null): Record<string, unknown> {
  if (retention === null || retention.stabilityMs <= 0) return {};
  return {
    last_access_at: new Date(retention.lastAccessAt).toISOString(),
    stability_s: retention.stabilityMs / 1_000,
  };
}
