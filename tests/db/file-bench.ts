import { createFileStore, type FileChange, type FileStore } from '../../db/stores/file-store.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema } from '../harness/postgres.ts';
import type { SpaceRef } from '../../contracts/file.ts';

/** Files of one tenant in a schema of their own. */
export interface FileBench {
  readonly files: FileStore;
  /** For further pools. */
  readonly connectionString: string;
  readonly stores: Stores;
  readonly tenant: Tenant;
  /** A space of a new run. */
  readonly newSpace: () => Promise<SpaceRef>;
  readonly textAt: (space: SpaceRef, path: string, version?: number) => Promise<string>;
  /** What stands, or stood then. */
  readonly paths: (space: SpaceRef, atRevision?: number) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** The longest page. */
export const PAGE = { limit: 200 };
/** Two who write. */
export const ANN = { actor: 'ann' };
export const BOB = { actor: 'bob' };

/** Makes a schema with files. */
export async function openFileBench(): Promise<FileBench> {
  const schema = await freshSchema();
  const files = createFileStore(schema.database);
  const stores = createStores(schema.database);
  const tenant = await createTenant(stores);
  return {
    files,
    connectionString: schema.connectionString,
    stores,
    tenant,
    newSpace: async () => {
      const { run } = await tenant.createRun();
      return { workspaceId: tenant.workspaceId, spaceId: run.id };
    },
    textAt: async (space, path, version) =>
      (await files.read(space, path, version)).bytes.toString('utf8'),
    paths: async (space, atRevision) =>
      (await files.manifest(space, atRevision)).entries.map(({ path }) => path),
    close: () => schema.drop(),
  };
}

/** The text as bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A write of a text. */
export function file(path: string, text: string, more: object = {}): FileChange {
  return { kind: 'file', path, content: bytes(text), ...more };
}
