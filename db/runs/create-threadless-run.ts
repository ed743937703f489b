import { AppError } from '../../contracts/app-error.ts';
import type { CreateRun } from '../stores/run-store.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import { NO_USAGE } from '../../contracts/step.ts';
import type { Run } from '../../contracts/records.ts';
import type { Value } from '../../contracts/blob.ts';

/** A run to insert. */
export interface NewRun {
  readonly workspaceId: string;
  readonly runId: string;
  readonly input: CreateRun;
}

interface Row {
  readonly agent_name: string | null;
  readonly version: string | null;
  readonly stored: Value;
  readonly created_at: Date | null;
}

/**
 * Key, run and first event in one statement: one round trip instead of six. A key that is taken, or
 * being taken by somebody else, leaves the rest undone.
 */
const STATEMENT = `
  with target as (
    select agent.name as agent_name, version.version
    from agent_versions version
    join agents agent on agent.workspace_id = version.workspace_id and agent.id = version.agent_id
    where version.workspace_id = $1 and version.agent_id = $3 and version.id = $4
  ),
  claimed as (
    insert into idempotency_keys (workspace_id, key, request_hash, run_id)
    select $1, $7, $8, $2 from target where $7::text is not null
    on conflict do nothing
    returning run_id
  ),
  new_run as (
    insert into runs (workspace_id, id, agent_id, version_id, last_event_seq, created_by, input,
      user_id)
    select $1, $2, $3, $4, 1, $5, $6::jsonb, $9 from target
    where $7::text is null or exists (select from claimed)
    returning created_at, input
  ),
  new_event as (
    insert into events (workspace_id, run_id, seq, type, at, data)
    select $1, $2, 1, 'run.created', clock_timestamp(), jsonb_build_object(
      'agentId', $3::text, 'agentName', t.agent_name, 'versionId', $4::text,
      'version', t.version, 'threadId', null)
    from new_run, target t
  )
  select t.agent_name, t.version, r.input as stored, r.created_at
  from target t left join new_run r on true`;

/** Inserts a run outside threads; null when its idempotency key is taken. */
export async function insertThreadlessRun(database: Database, run: NewRun): Promise<Run | null> {
  const { workspaceId, runId, input } = run;
  const { agentId, versionId, idempotency } = input;
  const rows = await database.query<Row>({
    name: 'create_run',
    text: STATEMENT,
    values: [
      workspaceId,
      runId,
      agentId,
      versionId,
      input.principal.apiKeyId,
      jsonText(input.input),
      idempotency?.key ?? null,
      idempotency?.requestHash ?? null,
      input.userId ?? null,
    ],
  });
  const [row] = rows;
  if (row === undefined || row.agent_name === null || row.version === null) {
    throw new AppError('agent.version_not_found', `the agent has no version ${versionId}`);
  }
  if (row.created_at === null) return null;
  return {
    id: runId,
    workspaceId,
    agentId,
    agentName: row.agent_name,
    versionId,
    version: row.version,
    threadId: null,
    userId: input.userId ?? null,
    status: 'queued',
    input: row.stored,
    output: null,
    error: null,
    usage: NO_USAGE,
    openHumanTasks: 0,
    lastEventSeq: 1,
    cancelRequested: false,
    createdAt: row.created_at.toISOString(),
    startedAt: null,
    endedAt: null,
  };
}
