import type { Selectable } from 'kysely';
import type { StepRecord } from '../../contracts/records.ts';
import { NO_USAGE } from '../../contracts/step.ts';
import type { Tables } from '../tables.ts';

/** Columns that a step's record is made of. */
export const STEP_COLUMNS = [
  'run_id',
  'step_id',
  'epoch',
  'node_id',
  'op',
  'visit',
  'key',
  'status',
  'attempt',
  'outcome',
  'result',
  'error',
  'usage',
  'started_at',
  'ended_at',
  'seq',
] as const;

/** What is read of a step. */
export type StepRow = Pick<Selectable<Tables['steps']>, (typeof STEP_COLUMNS)[number]>;

/** A step as callers know it. */
export function stepFromRow(row: StepRow): StepRecord {
  return {
    runId: row.run_id,
    stepId: row.step_id,
    epoch: row.epoch,
    nodeId: row.node_id,
    op: row.op,
    visit: row.visit,
    key: row.key,
    status: row.status,
    attempt: row.attempt,
    outcome: row.outcome,
    result: row.result,
    error: row.error,
    usage: row.usage ?? NO_USAGE,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    seq: row.seq,
  };
}
