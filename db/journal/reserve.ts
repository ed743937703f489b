import type { Reservation, Reserved } from '../../contracts/journal.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { StepOutcome } from '../../contracts/step.ts';
import { humanTaskFromRow, settlementOf } from '../rows/human-task-row.ts';
import { isTransient, toStorageError } from '../storage-error.ts';
import { jsonText } from '../json-text.ts';
import { toEventPayload } from './commit-payload.ts';

/** A row of `journal_reserve`. */
interface Row {
  readonly kind: string;
  readonly attempt: number;
  readonly outcome: StepOutcome | null;
  readonly memo: JsonObject | null;
}

/** Asks for the right to execute a step; see `Journal.reserve`. */
export async function reserve(database: Database, asked: Reservation): Promise<Reserved> {
  const row = await ask(database, asked);
  const memo = row.memo ?? {};
  switch (row.kind) {
    case 'granted':
      database.notifier.notify([asked.runId]);
      return { kind: 'granted', attempt: row.attempt, memo };
    case 'finished':
      if (row.outcome === null) throw new Error('a finished step has no outcome');
      return { kind: 'finished', outcome: row.outcome };
    case 'waiting':
      return waiting(database, asked, row);
    case 'run_ended':
      return { kind: 'run_ended' };
    case 'superseded':
      throw new AppError('step.superseded', `epoch ${asked.epoch} of the run is superseded`);
    default:
      throw new AppError('run.not_found', `there is no run ${asked.runId}`);
  }
}

async function ask(database: Database, asked: Reservation): Promise<Row> {
  const query = {
    name: 'journal_reserve',
    text: 'select * from journal_reserve($1)',
    values: [jsonText(toPayload(asked))],
  };
  try {
    const rows = await database.query<Row>(query).catch((error: unknown) => {
      if (!isTransient(error)) throw error;
      return database.query<Row>(query);
    });
    const row = rows[0];
    if (row === undefined) throw new Error('a reservation has no answer');
    return row;
  } catch (error) {
    throw toStorageError(error);
  }
}

function toPayload({ call, ...asked }: Reservation): object {
  return {
    workspace_id: asked.workspaceId,
    run_id: asked.runId,
    epoch: asked.epoch,
    step_id: call.stepId,
    node_id: call.nodeId,
    op: call.op,
    visit: call.visit,
    key: call.key,
    parent_step_id: call.parentStepId,
    call_index: call.callIndex,
    memo: asked.memo,
    started: toEventPayload(asked.started),
    retrying: toEventPayload(asked.retrying),
    resume: asked.resume,
  };
}

async function waiting(database: Database, asked: Reservation, row: Row): Promise<Reserved> {
  const taskId = row.outcome?.kind === 'wait' ? row.outcome.taskId : '';
  const found = await database.kysely
    .selectFrom('human_tasks')
    .selectAll()
    .where('workspace_id', '=', asked.workspaceId)
    .where('id', '=', taskId)
    .executeTakeFirst();
  if (found === undefined) throw new Error('a waiting step has no human task');
  const task = humanTaskFromRow(found);
  return {
    kind: 'waiting',
    attempt: row.attempt,
    task,
    settlement: settlementOf(task),
    memo: row.memo ?? {},
  };
}
