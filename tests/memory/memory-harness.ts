import { createEmbeddingCacheStore } from '../../db/stores/embedding-cache-store.ts';
import { createGraphStore, type GraphStore } from '../../db/stores/graph-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { createMemoryStore, type MemoryStore } from '../../db/stores/memory-store.ts';
import { createProjectionStore, type ProjectionStore } from '../../db/stores/projection-store.ts';
import { createStores, createTenant, type Stores, type Tenant } from '../db/fixtures.ts';
import { earlierWritersEnd } from '../harness/earlier-writers.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { openMemory, type InstallationMemory } from '../../runtime/memory.ts';
import { toConfig, toSecrets } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { Database } from '../../db/database.ts';
import type { Env } from '../../runtime/env.ts';
import type { MemoryDraft, RecallOwner } from '../../contracts/recall.ts';

/** Memory of one schema as one process has it. */
export interface MemoryProcess {
  readonly memory: InstallationMemory;
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly graph: GraphStore;
  readonly projections: ProjectionStore;
}

/** A schema with a tenant and the memory of a process. */
export interface MemoryHarness extends MemoryProcess {
  readonly schema: TestSchema;
  readonly stores: Stores;
  readonly tenant: Tenant;
  readonly workspaceId: string;
  /** Moves the clock of the stores. */
  readonly wait: (ms: number) => void;
  /** Another process on the same schema. */
  readonly another: (env?: Env) => MemoryProcess;
  readonly close: () => Promise<void>;
}

/** Who writes. */
export const ANN = { actor: 'ann', why: 'she said so' };
/** The length of a day. */
export const DAY = 24 * 3_600_000;

/** Opens memory on a schema of its own; the models answer where `env` names one. */
export async function openMemoryHarness(
  env: Env = {},
  models?: ChatModels,
): Promise<MemoryHarness> {
  const schema = await freshSchema();
  const stores = createStores(schema.database);
  const tenant = await createTenant(stores);
  const opened: InstallationMemory[] = [];
  let ahead = 0;
  const clock = (): Date => new Date(Date.now() + ahead);
  const open = (more: Env = {}): MemoryProcess => {
    const made = openProcess(schema.database, stores, {
      ...{ env: { ...env, ...more }, clock },
      ...(models === undefined ? {} : { models }),
    });
    opened.push(made.memory);
    return made;
  };
  return {
    ...open(),
    schema,
    stores,
    tenant,
    workspaceId: tenant.workspaceId,
    wait: (ms) => {
      ahead += ms;
    },
    another: open,
    close: async () => {
      for (const memory of opened) await memory[Symbol.asyncDispose]();
      await schema.drop();
    },
  };
}

function openProcess(
  database: Database,
  stores: Stores,
  {
    env,
    clock,
    ...rest
  }: { readonly env: Env; readonly clock: () => Date; readonly models?: ChatModels },
): MemoryProcess {
  const parts = {
    memories: createMemoryStore(database, clock),
    knowledge: createKnowledgeStore(database),
    graph: createGraphStore(database, clock),
    projections: createProjectionStore(database),
  };
  const memory = openMemory({
    ...parts,
    ...rest,
    clock,
    config: toConfig(env),
    secrets: toSecrets(env),
    log: createLogger('silent', 'test'),
    embeddings: createEmbeddingCacheStore(database),
    workspaces: stores.workspaces,
  });
  return { memory, ...parts };
}

/** What a user says. */
export function said(text: string, more: Partial<MemoryDraft> = {}): MemoryDraft {
  return { kind: 'episode', text, scope: 'user', userId: 'u1', origin: 'user', ...more };
}

/** A user alone. */
export function user(userId: string): RecallOwner {
  return { userId, agentId: null, threadId: null };
}

/** Lets an index follow until it has seen all that is committed. */
export async function catchUp(
  database: Database,
  indexes: { readonly follow: () => Promise<void> },
): Promise<void> {
  await earlierWritersEnd(database);
  await indexes.follow();
}
