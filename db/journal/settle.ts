import type { Decision, HumanTask, Settlement } from '../../contracts/human-task.ts';
import { humanTaskFromRow, settlementOf } from '../rows/human-task-row.ts';
import { sql, type Transaction } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { appendEvents } from './append-events.ts';
import type { Database } from '../database.ts';
import type { EventDraft } from '../../contracts/event.ts';
import { jsonText } from '../json-text.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';
import { toStorageError } from '../storage-error.ts';

/** What `settle` is asked. */
export interface Settling {
  readonly ref: RunRef;
  readonly taskId: string;
  readonly by: Decision | 'timeout';
}

/** Answers a human task once; see `Journal.settle`. */
export async function settle(database: Database, asked: Settling): Promise<Settlement> {
  const settlement = await settleOnce(database, asked).catch((error: unknown) => {
    throw toStorageError(error);
  });
  if (settlement.isNew) database.notifier.notify([asked.ref.runId]);
  return settlement.standing;
}

function settleOnce(
  database: Database,
  { ref, taskId, by }: Settling,
): Promise<{ readonly standing: Settlement; readonly isNew: boolean }> {
  return database.kysely.transaction().execute(async (trx) => {
    await lockRun(trx, ref);
    const task = await loadTask(trx, ref, taskId);
    const standing = settlementOf(task);
    if (standing !== null) return { standing, isNew: false };
    if (task.status === 'cancelled') {
      throw new AppError('human_task.cancelled', `task ${taskId} was cancelled with its run`);
    }
    await writeSettlement(trx, { ref, taskId, by });
    await appendEvents(trx, ref, [settledEvent(task, by)]);
    await closeTask(trx, ref);
    return { standing: toSettlement(by), isNew: true };
  });
}

async function lockRun(trx: Transaction<Tables>, ref: RunRef): Promise<void> {
  await trx
    .selectFrom('runs')
    .select('id')
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', ref.runId)
    .forNoKeyUpdate()
    .execute();
}

/** Read after the lock: what it shows stands until the transaction's end. */
async function loadTask(trx: Transaction<Tables>, ref: RunRef, taskId: string): Promise<HumanTask> {
  const row = await trx
    .selectFrom('human_tasks')
    .selectAll()
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', taskId)
    .where('run_id', '=', ref.runId)
    .executeTakeFirst();
  if (row === undefined) {
    throw new AppError('human_task.not_found', `the run has no human task ${taskId}`);
  }
  return humanTaskFromRow(row);
}

async function writeSettlement(
  trx: Transaction<Tables>,
  { ref, taskId, by }: Settling,
): Promise<void> {
  await trx
    .updateTable('human_tasks')
    .set({
      status: by === 'timeout' ? 'expired' : 'decided',
      decision: by === 'timeout' ? null : jsonText(by),
      settled_at: sql<Date>`clock_timestamp()`,
    })
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', taskId)
    .execute();
}

/** The run goes on once no task is open. */
async function closeTask(trx: Transaction<Tables>, ref: RunRef): Promise<void> {
  await trx
    .updateTable('runs')
    .set({
      open_human_tasks: sql<number>`open_human_tasks - 1`,
      status: sql`case when open_human_tasks = 1 and status = 'waiting' then 'running' else status end`,
    })
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', ref.runId)
    .execute();
}

function toSettlement(by: Decision | 'timeout'): Settlement {
  return by === 'timeout' ? { by: 'timeout' } : { by: 'decision', decision: by };
}

function settledEvent(task: HumanTask, by: Decision | 'timeout'): EventDraft {
  const { id: taskId, stepId } = task;
  return by === 'timeout'
    ? { type: 'human_task.expired', stepId, data: { taskId } }
    : { type: 'human_task.decided', stepId, data: { taskId, decision: { ...by } } };
}
