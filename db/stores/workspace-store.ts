import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { newId } from '../../contracts/ids.ts';
import type { Selectable } from 'kysely';
import type { SandboxLevel } from '../../contracts/sandbox.ts';
import type { Tables } from '../tables.ts';
import type { Workspace } from '../../contracts/workspace.ts';

/** Tenants of the installation. */
export interface WorkspaceStore {
  /** With an id that exists already, answers the workspace that stands. */
  create(input: { readonly id?: string; readonly name: string }): Promise<Workspace>;
  /** Throws `workspace.not_found`. */
  get(workspaceId: string): Promise<Workspace>;
  /** Changes what is given. Throws `workspace.not_found`. */
  update(
    workspaceId: string,
    change: { readonly sandboxMinLevel?: SandboxLevel },
  ): Promise<Workspace>;
  /** Oldest first. */
  list(): Promise<readonly Workspace[]>;
}

/** Tenants on PostgreSQL. */
export function createWorkspaceStore({ kysely }: Database): WorkspaceStore {
  const get = async (workspaceId: string): Promise<Workspace> => {
    const row = await kysely
      .selectFrom('workspaces')
      .selectAll()
      .where('id', '=', workspaceId)
      .executeTakeFirst();
    if (row === undefined) {
      throw new AppError('workspace.not_found', `there is no workspace ${workspaceId}`);
    }
    return fromRow(row);
  };
  return {
    get,
    create: async ({ id = newId('workspace'), name }) => {
      await kysely
        .insertInto('workspaces')
        .values({ id, name })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return get(id);
    },
    update: async (workspaceId, { sandboxMinLevel }) => {
      if (sandboxMinLevel !== undefined) {
        await kysely
          .updateTable('workspaces')
          .set({ sandbox_min_level: sandboxMinLevel })
          .where('id', '=', workspaceId)
          .execute();
      }
      return get(workspaceId);
    },
    list: async () => {
      const rows = await kysely.selectFrom('workspaces').selectAll().orderBy('id').execute();
      return rows.map(fromRow);
    },
  };
}

function fromRow(row: Selectable<Tables['workspaces']>): Workspace {
  return {
    id: row.id,
    name: row.name,
    sandboxMinLevel: row.sandbox_min_level,
    createdAt: row.created_at.toISOString(),
  };
}
