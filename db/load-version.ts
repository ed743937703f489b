import { AppError } from '../contracts/app-error.ts';
import type { CompiledVersion } from '../contracts/records.ts';
import { compiledVersionFromRow } from './rows/version-row.ts';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** A version by its id. Throws `agent.version_not_found`. */
export async function loadVersion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  versionId: string,
): Promise<CompiledVersion> {
  const row = await kysely
    .selectFrom('agent_versions as version')
    .innerJoin('agents as agent', (join) =>
      join
        .onRef('agent.workspace_id', '=', 'version.workspace_id')
        .onRef('agent.id', '=', 'version.agent_id'),
    )
    .selectAll('version')
    .select('agent.name as agent_name')
    .where('version.workspace_id', '=', workspaceId)
    .where('version.id', '=', versionId)
    .executeTakeFirst();
  if (row === undefined) {
    throw new AppError('agent.version_not_found', `there is no agent version ${versionId}`);
  }
  return compiledVersionFromRow(row);
}
