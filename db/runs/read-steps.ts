import { numberPlace, rowsToRead, stepPlace, toPage } from '../stores/page.ts';
import { STEP_COLUMNS, stepFromRow } from '../rows/step-row.ts';
import type { Checkpoint, StepRecord } from '../../contracts/records.ts';
import type { Page, PageRequest } from '../stores/page.ts';
import type { CheckpointDeltas } from '../stores/run-store.ts';
import { epochOf } from './read-runs.ts';
import { sql, type Kysely } from 'kysely';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';

const CHECKPOINT_COLUMNS = ['run_id', 'seq', 'step_id', 'key', 'epoch', 'ended_at'] as const;

interface CheckpointRow {
  readonly run_id: string;
  readonly seq: number;
  readonly step_id: string;
  readonly key: string;
  readonly epoch: number;
  readonly ended_at: Date;
}

/** In the graph's order, older epochs first. Throws `run.not_found`. */
export async function listSteps(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  page: PageRequest,
): Promise<Page<StepRecord>> {
  await epochOf(kysely, workspaceId, runId);
  const behind = stepPlace(page);
  let query = kysely
    .selectFrom('steps')
    .select(STEP_COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .orderBy('epoch')
    .orderBy('key')
    .orderBy('step_id')
    .limit(rowsToRead(page));
  if (behind !== null) {
    const [epoch, key, stepId] = behind;
    query = query.where(sql<boolean>`(epoch, key, step_id) > (${epoch}, ${key}, ${stepId})`);
  }
  const rows = await query.execute();
  return toPage(rows, page, {
    item: stepFromRow,
    place: (row) => [row.epoch, row.key, row.step_id],
  });
}

/** Oldest first. Throws `run.not_found`. */
export async function listCheckpoints(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  page: PageRequest,
): Promise<Page<Checkpoint>> {
  await epochOf(kysely, workspaceId, runId);
  const rows = await kysely
    .selectFrom('steps')
    .select(CHECKPOINT_COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('seq', '>', numberPlace(page) ?? 0)
    .orderBy('seq')
    .limit(rowsToRead(page))
    .$narrowType<{ seq: number; ended_at: Date }>()
    .execute();
  return toPage(rows, page, { item: checkpointFromRow, place: (row) => [row.seq] });
}

/** See `RunStore.checkpoint`. */
export async function loadCheckpoint(
  kysely: Kysely<Tables>,
  { workspaceId, runId }: RunRef,
  seq: number,
): Promise<CheckpointDeltas | null> {
  await epochOf(kysely, workspaceId, runId);
  const row = await kysely
    .selectFrom('steps')
    .select(CHECKPOINT_COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('seq', '=', seq)
    .$narrowType<{ seq: number; ended_at: Date }>()
    .executeTakeFirst();
  if (row === undefined) return null;
  // Whatever had finished by then, in the graph's order. Snapshots do not help: each shows what one
  // step could see, and not what its siblings in other branches had written.
  const steps = await kysely
    .selectFrom('steps')
    .select(['key', 'deltas'])
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('epoch', '=', row.epoch)
    .where('status', '=', 'done')
    .where('seq', '<=', seq)
    .where('deltas', 'is not', null)
    .orderBy('key')
    .orderBy('step_id')
    .execute();
  return {
    checkpoint: checkpointFromRow(row),
    steps: steps.map(({ key, deltas }) => ({ key, deltas: deltas ?? [] })),
  };
}

function checkpointFromRow(row: CheckpointRow): Checkpoint {
  return {
    runId: row.run_id,
    seq: row.seq,
    stepId: row.step_id,
    key: row.key,
    epoch: row.epoch,
    createdAt: row.ended_at.toISOString(),
  };
}
