import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { Kysely, Selectable } from 'kysely';
import type { Run } from '../../contracts/records.ts';
import type { RunFilter } from '../stores/run-store.ts';
import type { Tables } from '../tables.ts';

type RunRow = Pick<Selectable<Tables['runs']>, (typeof RUN_COLUMNS)[number]> & {
  readonly agent_name: string;
  readonly version: string;
};

const RUN_COLUMNS = [
  'id',
  'workspace_id',
  'agent_id',
  'version_id',
  'thread_id',
  'user_id',
  'status',
  'input',
  'output',
  'error',
  'model_calls',
  'tool_calls',
  'input_tokens',
  'output_tokens',
  'open_human_tasks',
  'last_event_seq',
  'cancel_requested',
  'created_at',
  'started_at',
  'ended_at',
] as const;

/** Throws `run.not_found`. Prepared by name: whoever waits for a run reads it more than once. */
export async function getRun(
  database: Pick<Database, 'query'>,
  workspaceId: string,
  runId: string,
): Promise<Run> {
  const rows = await database.query<RunRow>({
    name: 'get_run',
    text: `select ${RUN_COLUMNS.map((column) => `run.${column}`).join(', ')},
        agent.name as agent_name, version.version
      from runs run
      join agents agent on agent.workspace_id = run.workspace_id and agent.id = run.agent_id
      join agent_versions version on version.workspace_id = run.workspace_id
        and version.agent_id = run.agent_id and version.id = run.version_id
      where run.workspace_id = $1 and run.id = $2`,
    values: [workspaceId, runId],
  });
  const [row] = rows;
  if (row === undefined) throw unknownRun(runId);
  return runFromRow(row);
}

/** Newest first: ids sort by the time they were made. */
export async function listRuns(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: RunFilter; readonly page: PageRequest },
): Promise<Page<Run>> {
  const before = textPlace(page);
  let query = selectRuns(kysely, workspaceId).orderBy('run.id', 'desc').limit(rowsToRead(page));
  if (before !== null) query = query.where('run.id', '<', before);
  const { agentId, versionId, threadId, status, createdAfter, createdBefore } = filter;
  if (agentId !== undefined) query = query.where('run.agent_id', '=', agentId);
  if (versionId !== undefined) query = query.where('run.version_id', '=', versionId);
  if (threadId !== undefined) query = query.where('run.thread_id', '=', threadId);
  if (status !== undefined) query = query.where('run.status', '=', status);
  if (createdAfter !== undefined) {
    query = query.where('run.created_at', '>', new Date(createdAfter));
  }
  if (createdBefore !== undefined) {
    query = query.where('run.created_at', '<', new Date(createdBefore));
  }
  const rows = await query.execute();
  return toPage(rows, page, { item: runFromRow, place: (row) => [row.id] });
}

/** Throws `run.not_found`; answers with the run's epoch. */
export async function epochOf(
  kysely: Kysely<Tables>,
  workspaceId: string,
  runId: string,
): Promise<number> {
  const row = await kysely
    .selectFrom('runs')
    .select('epoch')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', runId)
    .executeTakeFirst();
  if (row === undefined) throw unknownRun(runId);
  return row.epoch;
}

/** What is said of a run that does not exist, or not in this workspace. */
export function unknownRun(runId: string): AppError {
  return new AppError('run.not_found', `there is no run ${runId}`);
}

function selectRuns(kysely: Kysely<Tables>, workspaceId: string) {
  return kysely
    .selectFrom('runs as run')
    .innerJoin('agents as agent', (join) =>
      join
        .onRef('agent.workspace_id', '=', 'run.workspace_id')
        .onRef('agent.id', '=', 'run.agent_id'),
    )
    .innerJoin('agent_versions as version', (join) =>
      join
        .onRef('version.workspace_id', '=', 'run.workspace_id')
        .onRef('version.id', '=', 'run.version_id'),
    )
    .selectAll('run')
    .select(['agent.name as agent_name', 'version.version as version'])
    .where('run.workspace_id', '=', workspaceId);
}

function runFromRow(row: RunRow): Run {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    agentId: row.agent_id,
    agentName: row.agent_name,
    versionId: row.version_id,
    version: row.version,
    threadId: row.thread_id,
    userId: row.user_id,
    status: row.status,
    input: row.input,
    output: row.output,
    error: row.error,
    usage: {
      modelCalls: row.model_calls,
      toolCalls: row.tool_calls,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
    },
    openHumanTasks: row.open_human_tasks,
    lastEventSeq: row.last_event_seq,
    cancelRequested: row.cancel_requested,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}
