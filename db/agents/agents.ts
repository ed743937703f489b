import type { Kysely, SelectQueryBuilder, Transaction } from 'kysely';
import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql } from 'kysely';
import type { Agent } from '../../contracts/records.ts';
import type { AgentFilter } from '../stores/agent-store.ts';
import type { AgentStatus } from '../../contracts/status.ts';
import { AppError } from '../../contracts/app-error.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';
import { violatedUnique } from '../violation.ts';

interface AgentRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly description: string;
  readonly status: AgentStatus;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly labels: Readonly<Record<string, string>>;
}

/** Makes an agent without versions. Throws `agent.name_taken`. */
export async function createAgent(
  kysely: Kysely<Tables>,
  workspaceId: string,
  input: { readonly name: string; readonly description: string },
): Promise<Agent> {
  const id = newId('agent');
  try {
    await kysely
      .insertInto('agents')
      .values({ workspace_id: workspaceId, id, ...input, status: 'draft' })
      .execute();
  } catch (error) {
    if (violatedUnique(error) === null) throw error;
    throw new AppError('agent.name_taken', `there is an agent named ${input.name} already`);
  }
  return getAgent(kysely, workspaceId, id);
}

/** Throws `agent.not_found`. */
export async function getAgent(
  kysely: Kysely<Tables>,
  workspaceId: string,
  agentId: string,
): Promise<Agent> {
  const row = await selectAgents(kysely, workspaceId)
    .where('agent.id', '=', agentId)
    .executeTakeFirst();
  return agentFromRow(found(row, agentId));
}

/** Throws `agent.not_found`. */
export async function getAgentByName(
  kysely: Kysely<Tables>,
  workspaceId: string,
  name: string,
): Promise<Agent> {
  const row = await selectAgents(kysely, workspaceId)
    .where('agent.name', '=', name)
    .executeTakeFirst();
  return agentFromRow(found(row, name));
}

/** Newest first. */
export async function listAgents(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: AgentFilter; readonly page: PageRequest },
): Promise<Page<Agent>> {
  const before = textPlace(page);
  let query = selectAgents(kysely, workspaceId).orderBy('agent.id', 'desc').limit(rowsToRead(page));
  if (before !== null) query = query.where('agent.id', '<', before);
  if (filter.status !== undefined) query = query.where('agent.status', '=', filter.status);
  if (filter.name !== undefined) query = query.where('agent.name', '=', filter.name);
  const rows = await query.execute();
  return toPage(rows, page, { item: agentFromRow, place: (row) => [row.id] });
}

/** Throws `agent.not_found`. */
export async function updateAgent(
  kysely: Kysely<Tables>,
  workspaceId: string,
  {
    agentId,
    ...change
  }: {
    readonly agentId: string;
    readonly description?: string;
    readonly status?: AgentStatus;
  },
): Promise<Agent> {
  await kysely
    .updateTable('agents')
    .set({ ...change, updated_at: new Date() })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', agentId)
    .execute();
  return getAgent(kysely, workspaceId, agentId);
}

/** Keeps versions and labels of the agent as they are until the end. Throws `agent.not_found`. */
export async function lockAgent(
  trx: Transaction<Tables>,
  workspaceId: string,
  agentId: string,
): Promise<{ readonly name: string; readonly status: AgentStatus }> {
  const row = await trx
    .selectFrom('agents')
    .select(['name', 'status'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', agentId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return found(row, agentId);
}

function selectAgents(
  kysely: Kysely<Tables>,
  workspaceId: string,
): SelectQueryBuilder<Tables & { agent: Tables['agents'] }, 'agent', AgentRow> {
  return kysely
    .selectFrom('agents as agent')
    .selectAll('agent')
    .select(
      sql<Readonly<Record<string, string>>>`coalesce((
        select jsonb_object_agg(label.label, label.version_id) from agent_labels label
        where label.workspace_id = agent.workspace_id and label.agent_id = agent.id
      ), '{}')`.as('labels'),
    )
    .where('agent.workspace_id', '=', workspaceId);
}

function found<Row>(row: Row | undefined, name: string): Row {
  if (row === undefined) throw new AppError('agent.not_found', `there is no agent ${name}`);
  return row;
}

function agentFromRow(row: AgentRow): Agent {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    description: row.description,
    status: row.status,
    labels: row.labels,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
