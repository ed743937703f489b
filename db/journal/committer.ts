import type { CommitResult, CommitUnit } from '../../contracts/journal.ts';
import { createGroupWriter, type GroupWriter } from './group-writer.ts';
import { isRefused, isTransient, toStorageError } from '../storage-error.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import type { StepOutcome } from '../../contracts/step.ts';
import { isPlain, toPayload } from './commit-payload.ts';

const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 2;

type Answer = CommitResult | Error;
/** Stands for the verdict that the lean statement cannot write a unit. */
const WAITS = new Error('the step waits and cannot be finished as a plain one');

/** A row of `journal_commit`: place in the batch, verdict, last event, recorded outcome. */
type Row = [number, string, number | null, StepOutcome | null];

/** Writes units of all runs of the process in shared transactions. */
export function createCommitter(database: Database): GroupWriter<CommitUnit, CommitResult> {
  return createGroupWriter<CommitUnit, CommitResult>({
    laneOf: (unit) => unit.runId,
    mayShare,
    write: async (units) => {
      const answers = await writeOrSplit(database, units);
      notify(database, units, answers);
      return answers;
    },
    maxBatch: MAX_BATCH,
    maxInFlight: MAX_IN_FLIGHT,
  });
}

/** Units of one run share a batch as long as none changes what the next one is judged by. */
function mayShare(batched: readonly CommitUnit[], unit: CommitUnit): boolean {
  const stepId = unit.step?.call.stepId;
  return (
    !standsAlone(unit) &&
    batched.every((other) => !standsAlone(other) && other.step?.call.stepId !== stepId)
  );
}

function standsAlone(unit: CommitUnit): boolean {
  return (
    unit.step === undefined ||
    unit.step.status === 'waiting' ||
    unit.start === true ||
    unit.tasks !== undefined ||
    unit.end !== undefined
  );
}

async function writeOrSplit(
  database: Database,
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  try {
    return await writeTwice(database, units);
  } catch (error) {
    if (!isRefused(error) || units.length === 1) return units.map(() => toStorageError(error));
  }
  const answers: Answer[] = [];
  for (const unit of units) {
    // One by one, so that what the database refuses fails alone.
    answers.push(
      ...(await writeTwice(database, [unit]).catch((error: unknown) => [toStorageError(error)])),
    );
  }
  return answers;
}

async function writeTwice(
  database: Database,
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  try {
    return await writeBatch(database, units);
  } catch (error) {
    if (!isTransient(error)) throw error;
    return await writeBatch(database, units);
  }
}

/** By the lean statement if all units are plain. */
async function writeBatch(
  database: Database,
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  if (!units.every(isPlain)) return callFunction(database, 'journal_commit', units);
  const answers = [...(await callFunction(database, 'journal_commit_steps', units))];
  for (const [index, unit] of units.entries()) {
    if (answers[index] !== WAITS) continue;
    // The others are written by now: a failure from here on is this unit's own.
    const [answer = WAITS] = await callFunction(database, 'journal_commit', [unit]).catch(
      (error: unknown) => [toStorageError(error)],
    );
    answers[index] = answer;
  }
  return answers;
}

async function callFunction(
  database: Database,
  name: 'journal_commit' | 'journal_commit_steps',
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  const { rows } = await database.pool.query<Row>({
    name,
    text: `select * from ${name}($1)`,
    values: [jsonText(units.map(toPayload))],
    rowMode: 'array',
  });
  const answers: Answer[] = [];
  for (const [index, verdict, lastSeq, found] of rows) {
    answers[index] = toAnswer({ verdict, lastSeq: lastSeq ?? 0, found }, units[index]);
  }
  return answers;
}

function toAnswer(
  row: {
    readonly verdict: string;
    readonly lastSeq: number;
    readonly found: StepOutcome | null;
  },
  unit: CommitUnit | undefined,
): Answer {
  switch (row.verdict) {
    case 'committed':
      return { kind: 'committed', lastSeq: row.lastSeq };
    case 'finished':
      if (row.found !== null) return { kind: 'finished', outcome: row.found };
      return new Error('a finished step has no outcome');
    case 'superseded':
    case 'run_ended':
      return { kind: row.verdict };
    case 'waits':
      return WAITS;
    default:
      return new AppError('run.not_found', `there is no run ${unit?.runId ?? ''}`);
  }
}

function notify(
  database: Database,
  units: readonly CommitUnit[],
  answers: readonly Answer[],
): void {
  const grown = units.filter((_, index) => {
    const answer = answers[index];
    return !(answer instanceof Error) && answer?.kind === 'committed';
  });
  if (grown.length === 0) return;
  const ended = grown.filter(({ end }) => end !== undefined).map(({ runId }) => runId);
  database.notifier.notify(
    grown.map(({ runId }) => runId),
    new Set(ended),
  );
}
