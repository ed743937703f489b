import { QdrantCollection, type QdrantSettings } from './collection.ts';
import { QdrantIndex } from './qdrant-index.ts';
import type { MemoryIndex } from '../port.ts';

const DEFAULT_COLLECTION = 'holdfast-memory';
const DEFAULT_TIMEOUT_MS = 30_000;

/** Where Qdrant is; what is not said is as usual. */
export type QdrantOptions = Pick<QdrantSettings, 'url' | 'apiKey'> &
  Partial<Pick<QdrantSettings, 'collection' | 'timeoutMs'>>;

/** An index in Qdrant. Nothing is asked of the server before its first use. */
export function createQdrantIndex(options: QdrantOptions): MemoryIndex {
  const { collection = DEFAULT_COLLECTION, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return new QdrantIndex(new QdrantCollection({ ...options, collection, timeoutMs }));
}
