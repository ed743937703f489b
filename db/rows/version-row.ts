import type { AgentVersion, CompiledVersion } from '../../contracts/records.ts';
import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

type VersionsTable = Selectable<Tables['agent_versions']>;

/** A version without what was derived from it. */
export function versionFromRow(row: Omit<VersionsTable, 'plan' | 'graph'>): AgentVersion {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    agentId: row.agent_id,
    number: row.number,
    version: row.version,
    changelog: row.changelog,
    spec: row.spec,
    createdAt: row.created_at.toISOString(),
  };
}

/** A version as executors need it. */
export function compiledVersionFromRow(
  row: VersionsTable & { readonly agent_name: string },
): CompiledVersion {
  return {
    ...versionFromRow(row),
    agentName: row.agent_name,
    plan: row.plan,
    graph: row.graph,
  };
}
