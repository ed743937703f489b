import { createMemoryStore, type MemoryStore } from '../../db/stores/memory-store.ts';
import { createProjectionStore, type ProjectionStore } from '../../db/stores/projection-store.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import type { NewMemory } from '../../contracts/memory.ts';

/** Memories of one tenant in a schema of their own, with a clock that tests move. */
export interface MemoryBench {
  readonly schema: TestSchema;
  readonly stores: Stores;
  readonly tenant: Tenant;
  readonly workspaceId: string;
  readonly memories: MemoryStore;
  readonly projections: ProjectionStore;
  readonly now: () => Date;
  readonly wait: (ms: number) => void;
}

/** Who writes. */
export const ANN = { actor: 'ann', why: 'she said so' };
/** The length of a day. */
export const DAY = 24 * 3_600_000;
/** The longest page. */
export const PAGE = { limit: 200 };

/** Makes a schema with memories. */
export async function openMemoryBench(): Promise<MemoryBench> {
  const schema = await freshSchema();
  const stores = createStores(schema.database);
  const tenant = await createTenant(stores);
  let time = Date.parse('2026-01-01T00:00:00Z');
  const now = () => new Date(time);
  return {
    schema,
    stores,
    tenant,
    workspaceId: tenant.workspaceId,
    memories: createMemoryStore(schema.database, now),
    projections: createProjectionStore(schema.database),
    now,
    wait: (ms) => {
      time += ms;
    },
  };
}

/** A memory of a user. */
export function memory(text: string, more: Partial<NewMemory> = {}): NewMemory {
  return { kind: 'episode', text, scope: 'user', userId: 'u1', origin: 'user', ...more };
}
