import { afterAll, beforeAll } from '@jest/globals';
import { QdrantClient } from '@qdrant/js-client-rest';
import { createQdrantIndex } from '../../adapters/memory-index/qdrant/create-qdrant-index.ts';
import { describeMemoryIndex } from '../../adapters/memory-index/port.suite.ts';
import { describeUnless } from '../harness/not-run.ts';
import { findQdrant, type RunningQdrant } from './qdrant-server.ts';
import type { MemoryIndex } from '../../adapters/memory-index/port.ts';

const qdrant = await findQdrant();

describeUnless(qdrant.lacking, `Qdrant (${qdrant.what})`, () => {
  let running: RunningQdrant;
  const collections: string[] = [];

  beforeAll(async () => {
    running = await qdrant.start();
  });
  afterAll(async () => {
    const { url, apiKey } = running;
    const headers = apiKey === null ? {} : { 'api-key': apiKey };
    const client = new QdrantClient({ url, headers, checkCompatibility: false });
    for (const name of collections) await client.deleteCollection(name);
    await running[Symbol.asyncDispose]();
  });

  async function open(): Promise<MemoryIndex> {
    const { url, apiKey } = running;
    const collection = `holdfast-test-${Date.now()}-${collections.length}`;
    collections.push(collection);
    return createQdrantIndex({ url, apiKey, collection });
  }

  describeMemoryIndex('QdrantIndex', open);
});
