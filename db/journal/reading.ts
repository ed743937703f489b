import type { KeyRange, RunFacts, RunRef, StepDeltas } from '../../contracts/journal.ts';
import { STEP_COLUMNS, stepFromRow, type StepRow } from '../rows/step-row.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { Delta } from '../../contracts/step.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Message } from '../../contracts/message.ts';
import type { RunStatus } from '../../contracts/status.ts';
import type { StepRecord } from '../../contracts/records.ts';
import type { Value } from '../../contracts/blob.ts';

/** These run once or more per step: they are prepared by name and not built anew. */
const STEP_FIELDS = STEP_COLUMNS.join(', ');

interface RunRow {
  readonly version_id: string;
  readonly thread_id: string | null;
  readonly user_id: string | null;
  readonly thread_position: number;
  readonly status: RunStatus;
  readonly input: Value;
  readonly epoch: number;
  readonly created_at: Date;
  readonly cancel_requested: boolean;
}

/** What executors need of a run. Throws `run.not_found`. */
export async function loadRun(database: Database, ref: RunRef): Promise<RunFacts> {
  const rows = await database.query<RunRow>({
    name: 'load_run',
    text: `select version_id, thread_id, user_id, thread_position, status, input, epoch, created_at,
      cancel_requested from runs where workspace_id = $1 and id = $2`,
    values: [ref.workspaceId, ref.runId],
  });
  const row = rows[0];
  if (row === undefined) throw new AppError('run.not_found', `there is no run ${ref.runId}`);
  return {
    workspaceId: ref.workspaceId,
    runId: ref.runId,
    versionId: row.version_id,
    threadId: row.thread_id,
    userId: row.user_id,
    threadPosition: row.thread_position,
    status: row.status,
    input: row.input,
    epoch: row.epoch,
    createdAt: row.created_at.getTime(),
    cancelRequested: row.cancel_requested,
  };
}

/** Finished and waiting steps of an epoch in the graph's order. */
export async function loadSteps(
  database: Database,
  ref: RunRef,
  epoch: number,
): Promise<readonly StepRecord[]> {
  const rows = await database.query<StepRow>({
    name: 'load_steps',
    text: `select ${STEP_FIELDS} from steps
      where workspace_id = $1 and run_id = $2 and epoch = $3 and status <> 'running'
      order by key, step_id`,
    values: [ref.workspaceId, ref.runId, epoch],
  });
  return rows.map(stepFromRow);
}

/** One step of an epoch in any state; null when it has not begun. */
export async function loadStep(
  database: Database,
  ref: RunRef,
  step: { readonly epoch: number; readonly stepId: string },
): Promise<StepRecord | null> {
  const rows = await database.query<StepRow>({
    name: 'load_step',
    text: `select ${STEP_FIELDS} from steps
      where workspace_id = $1 and run_id = $2 and epoch = $3 and step_id = $4`,
    values: [ref.workspaceId, ref.runId, step.epoch, step.stepId],
  });
  return rows[0] === undefined ? null : stepFromRow(rows[0]);
}

/** A thread's messages up to a position, oldest first. */
export async function loadMessages(
  database: Database,
  thread: { readonly workspaceId: string; readonly threadId: string; readonly upTo: number },
): Promise<readonly Message[]> {
  const rows = await database.query<{ message: Message }>({
    name: 'load_messages',
    text: `select message from messages
      where workspace_id = $1 and thread_id = $2 and position <= $3 order by position`,
    values: [thread.workspaceId, thread.threadId, thread.upTo],
  });
  return rows.map(({ message }) => message);
}

interface FoldRow {
  readonly is_snapshot: boolean;
  readonly key: string;
  readonly body: unknown;
}

/** A snapshot and the deltas behind it; see `Journal.loadDeltas`. */
export async function loadDeltas(
  database: Database,
  ref: RunRef,
  view: { readonly epoch: number; readonly ranges: readonly KeyRange[] },
): Promise<{
  readonly snapshot: { readonly key: string; readonly state: JsonObject } | null;
  readonly steps: readonly StepDeltas[];
}> {
  if (view.ranges.length === 0) return { snapshot: null, steps: [] };
  const rows = await database.query<FoldRow>({
    name: 'load_deltas',
    // The snapshot is the state before the step with its key: that step's own deltas count.
    text: `with newest as (
        select key, state from snapshots
        where workspace_id = $1 and run_id = $2 and epoch = $3
          and key > ($4::text[])[1] and key <= ($5::text[])[1]
        order by key desc limit 1
      )
      select true as is_snapshot, key, state as body from newest
      union all (
        select false, s.key, s.deltas
        from unnest($4::text[], $5::text[]) as range (behind, up_to)
        join steps s on s.workspace_id = $1 and s.run_id = $2 and s.epoch = $3
          and s.key > range.behind and s.key <= range.up_to
          and s.key >= coalesce((select key from newest), '')
        where s.status = 'done' and s.deltas is not null
        order by s.key, s.step_id
      )`,
    values: [
      ref.workspaceId,
      ref.runId,
      view.epoch,
      view.ranges.map(({ after }) => after),
      view.ranges.map(({ upTo }) => upTo),
    ],
  });
  const snapshot = rows.find((row) => row.is_snapshot);
  return {
    snapshot:
      snapshot === undefined ? null : { key: snapshot.key, state: snapshot.body as JsonObject },
    steps: rows
      .filter((row) => !row.is_snapshot)
      .map((row) => ({ key: row.key, deltas: row.body as readonly Delta[] })),
  };
}
