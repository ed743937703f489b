import { compiledVersionFromRow, versionFromRow } from '../rows/version-row.ts';
import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import type { AgentVersion, CompiledVersion } from '../../contracts/records.ts';
import { getAgent, lockAgent } from './agents.ts';
import type { Kysely, Transaction } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { CreateVersion } from '../stores/agent-store.ts';
import { jsonText } from '../json-text.ts';
import { LATEST, moveLabel } from './labels.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { violatedUnique } from '../violation.ts';

const MAX_NUMBER = 2 ** 31 - 1;

/** See `AgentStore.createVersion`. */
export async function createVersion(
  trx: Transaction<Tables>,
  workspaceId: string,
  input: CreateVersion,
): Promise<CompiledVersion> {
  const { agentId } = input;
  const agent = await lockAgent(trx, workspaceId, agentId);
  if (agent.status === 'archived') {
    throw new AppError('agent.archived', `agent ${agent.name} is archived; publish it first`);
  }
  const row = await insertVersion(trx, workspaceId, input);
  await moveLabel(trx, workspaceId, {
    agentId,
    label: LATEST,
    toVersionId: row.id,
    changedBy: input.createdBy ?? null,
  });
  await trx
    .updateTable('agents')
    .set({ status: 'published', updated_at: new Date() })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', agentId)
    .execute();
  return compiledVersionFromRow({ ...row, agent_name: agent.name });
}

async function insertVersion(trx: Transaction<Tables>, workspaceId: string, input: CreateVersion) {
  const { next } = await trx
    .selectFrom('agent_versions')
    .select((eb) => eb(eb.fn.coalesce(eb.fn.max('number'), eb.lit(0)), '+', 1).as('next'))
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', input.agentId)
    .executeTakeFirstOrThrow();
  const version = input.version ?? String(next);
  try {
    return await trx
      .insertInto('agent_versions')
      .values({
        workspace_id: workspaceId,
        id: newId('agentVersion'),
        agent_id: input.agentId,
        number: next,
        version,
        changelog: input.changelog,
        spec: jsonText(input.spec),
        plan: jsonText(input.plan),
        graph: jsonText(input.graph),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    if (violatedUnique(error) === null) throw error;
    throw new AppError('agent.version_exists', `the agent has a version ${version} already`);
  }
}

/** By id, version text, number or label, in this order. See `AgentStore.getVersion`. */
export async function findVersion(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { agentId, reference }: { readonly agentId: string; readonly reference: string },
): Promise<CompiledVersion> {
  const agent = await getAgent(kysely, workspaceId, agentId);
  const number = /^[1-9]\d{0,9}$/.test(reference) ? Number(reference) : 0;
  const labelled = Object.hasOwn(agent.labels, reference) ? agent.labels[reference] : undefined;
  const rows = await kysely
    .selectFrom('agent_versions')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .where((eb) =>
      eb.or([
        eb('id', 'in', labelled === undefined ? [reference] : [reference, labelled]),
        eb('version', '=', reference),
        eb('number', '=', Math.min(number, MAX_NUMBER)),
      ]),
    )
    .execute();
  const row =
    rows.find(({ id }) => id === reference) ??
    rows.find(({ version }) => version === reference) ??
    rows.find((candidate) => candidate.number === number) ??
    rows.find(({ id }) => id === labelled);
  if (row === undefined) {
    throw new AppError(
      'agent.version_not_found',
      `agent ${agent.name} has no version, number or label ${reference}`,
    );
  }
  return compiledVersionFromRow({ ...row, agent_name: agent.name });
}

/** Newest first. Throws `agent.not_found`. */
export async function listVersions(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { agentId, page }: { readonly agentId: string; readonly page: PageRequest },
): Promise<Page<AgentVersion>> {
  await getAgent(kysely, workspaceId, agentId);
  const rows = await kysely
    .selectFrom('agent_versions')
    .select(['id', 'workspace_id', 'agent_id', 'number', 'version', 'changelog', 'spec'])
    .select('created_at')
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .where('number', '<', numberPlace(page) ?? MAX_NUMBER)
    .orderBy('number', 'desc')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, { item: versionFromRow, place: (row) => [row.number] });
}
