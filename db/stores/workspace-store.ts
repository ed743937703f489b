/** A tenant. Times are ISO 8601. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

/** Tenants of the installation. */
export interface WorkspaceStore {
  /** With an id that exists already, answers the workspace that stands. */
  create(input: { readonly id?: string; readonly name: string }): Promise<Workspace>;
  /** Throws `workspace.not_found`. */
  get(workspaceId: string): Promise<Workspace>;
  /** Oldest first. */
  list(): Promise<readonly Workspace[]>;
}
