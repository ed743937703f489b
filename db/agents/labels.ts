import { getAgent, lockAgent } from './agents.ts';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { LabelChange, SetLabel } from '../stores/agent-store.ts';
import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

/** The label that always points at the newest version; nobody moves it by hand. */
export const LATEST = 'latest';

interface Move {
  readonly agentId: string;
  readonly label: string;
  readonly toVersionId: string | null;
  readonly changedBy: string | null;
}

/** Points a label at a version, or removes it, and notes where it stood. The agent is locked. */
export async function moveLabel(
  trx: Transaction<Tables>,
  workspaceId: string,
  { agentId, label, toVersionId, changedBy }: Move,
): Promise<void> {
  const key = { workspace_id: workspaceId, agent_id: agentId, label };
  const before = await trx
    .deleteFrom('agent_labels')
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .where('label', '=', label)
    .returning('version_id')
    .executeTakeFirst();
  const fromVersionId = before?.version_id ?? null;
  if (toVersionId !== null) {
    await trx
      .insertInto('agent_labels')
      .values({ ...key, version_id: toVersionId })
      .execute();
  }
  if (fromVersionId === toVersionId) return;
  await trx
    .insertInto('agent_label_changes')
    .values({
      ...key,
      from_version_id: fromVersionId,
      to_version_id: toVersionId,
      changed_by: changedBy,
    })
    .execute();
}

/** See `AgentStore.setLabel`. */
export async function setLabel(
  trx: Transaction<Tables>,
  workspaceId: string,
  { agentId, label, versionId, changedBy }: SetLabel,
): Promise<void> {
  refuseReserved(label);
  await lockAgent(trx, workspaceId, agentId);
  const version = await trx
    .selectFrom('agent_versions')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .where('id', '=', versionId)
    .executeTakeFirst();
  if (version === undefined) {
    throw new AppError('agent.version_not_found', `the agent has no version ${versionId}`);
  }
  const { labels } = await getAgent(trx, workspaceId, agentId);
  if (!Object.hasOwn(labels, label) && Object.keys(labels).length >= LIMITS.labelsPerAgent) {
    throw new AppError('request.invalid', `an agent has at most ${LIMITS.labelsPerAgent} labels`);
  }
  await moveLabel(trx, workspaceId, {
    agentId,
    label,
    toVersionId: versionId,
    changedBy: changedBy ?? null,
  });
}

/** See `AgentStore.deleteLabel`. */
export async function deleteLabel(
  trx: Transaction<Tables>,
  workspaceId: string,
  input: { readonly agentId: string; readonly label: string; readonly changedBy?: string },
): Promise<void> {
  const { agentId, label, changedBy = null } = input;
  refuseReserved(label);
  await lockAgent(trx, workspaceId, agentId);
  const { labels } = await getAgent(trx, workspaceId, agentId);
  if (!Object.hasOwn(labels, label)) {
    throw new AppError('agent.label_not_found', `the agent has no label ${label}`);
  }
  await moveLabel(trx, workspaceId, { agentId, label, toVersionId: null, changedBy });
}

/** Newest first. Throws `agent.not_found`. */
export async function listLabelChanges(
  kysely: Kysely<Tables>,
  workspaceId: string,
  {
    agentId,
    page,
  }: {
    readonly agentId: string;
    readonly page: PageRequest & { readonly label?: string };
  },
): Promise<Page<LabelChange>> {
  await getAgent(kysely, workspaceId, agentId);
  const before = numberPlace(page);
  let query = kysely
    .selectFrom('agent_label_changes')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .orderBy('id', 'desc')
    .limit(rowsToRead(page));
  if (before !== null) query = query.where('id', '<', before);
  if (page.label !== undefined) query = query.where('label', '=', page.label);
  const rows = await query.execute();
  return toPage(rows, page, { item: changeFromRow, place: (row) => [row.id] });
}

function refuseReserved(label: string): void {
  if (label !== LATEST) return;
  throw new AppError('agent.label_reserved', `${LATEST} follows the newest version by itself`);
}

function changeFromRow(row: Selectable<Tables['agent_label_changes']>): LabelChange {
  return {
    label: row.label,
    fromVersionId: row.from_version_id,
    toVersionId: row.to_version_id,
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}
