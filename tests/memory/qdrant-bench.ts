import { afterAll, beforeAll } from '@jest/globals';
import { QdrantClient } from '@qdrant/js-client-rest';
import { createQdrantIndex } from '../../adapters/memory-index/qdrant/create-qdrant-index.ts';
import type { MemoryIndex } from '../../adapters/memory-index/port.ts';
import type { QdrantUnderTest, RunningQdrant } from './qdrant-server.ts';

/** A server for the tests of a block. */
export interface QdrantBench {
  /** A name that no other test has; its collection is gone when the tests end. */
  newCollection(): string;
  /** An index as another process would open it. */
  open(collection: string): MemoryIndex;
  /** To look behind the index. */
  client(): QdrantClient;
}

/** Starts the server before the tests of a block, and takes away what they made. */
export function useQdrant(qdrant: QdrantUnderTest): QdrantBench {
  let running: RunningQdrant;
  const collections: string[] = [];
  const client = (): QdrantClient => {
    const { url, apiKey } = running;
    const headers = apiKey === null ? {} : { 'api-key': apiKey };
    return new QdrantClient({ url, headers, checkCompatibility: false });
  };
  beforeAll(async () => {
    running = await qdrant.start();
  });
  afterAll(async () => {
    for (const name of collections) await client().deleteCollection(name);
    await running[Symbol.asyncDispose]();
  });
  return {
    client,
    newCollection: () => {
      const name = `holdfast-test-${process.pid}-${Date.now()}-${collections.length}`;
      collections.push(name);
      return name;
    },
    open: (collection) => {
      const { url, apiKey } = running;
      return createQdrantIndex({ url, apiKey, collection });
    },
  };
}
