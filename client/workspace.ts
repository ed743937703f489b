import type { UpdateWorkspaceRequest } from '../contracts/workspace.schema.ts';
import type { RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';
import type { Workspace } from '../contracts/workspace.ts';

/** The workspace itself; for keys of admins. */
export interface WorkspaceSettings {
  get(options?: RequestOptions): Promise<Workspace>;
  /** Changes what is given. */
  update(body: UpdateWorkspaceRequest, options?: RequestOptions): Promise<Workspace>;
}

/** The resource `workspace`. */
export function createWorkspace(transport: Transport): WorkspaceSettings {
  const path = '/v1/workspace';
  return {
    get: ({ signal } = {}) => transport.json({ method: 'GET', path, signal }),
    update: (body, { signal } = {}) => transport.json({ method: 'PATCH', path, body, signal }),
  };
}
