import type { CommitResult, CommitUnit } from '../../contracts/journal.ts';
import { createGroupWriter, type GroupWriter } from './group-writer.ts';
import { isRefused, isTransient, toStorageError } from '../storage-error.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import type { StepOutcome } from '../../contracts/step.ts';
import { isPlain, toPlainPayload, type PlainUnit } from './plain-payload.ts';
import { toPayload } from './commit-payload.ts';

const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 2;

type Answer = CommitResult | Error;
type Answers = ReadonlyMap<CommitUnit, Answer>;

const NO_ANSWER = new Error('the database has no answer for a unit');

/** A row of `journal_commit`: place in the batch, verdict, last event, recorded outcome. */
type Row = [number, string, number | null, StepOutcome | null];
/** A row of `journal_commit_plain`: place in the batch, last event. */
type PlainRow = [number, number];

/** Writes units of all runs of the process in shared transactions. */
export function createCommitter(database: Database): GroupWriter<CommitUnit, CommitResult> {
  return createGroupWriter<CommitUnit, CommitResult>({
    laneOf: (unit) => unit.runId,
    mayShare,
    write: async (units) => {
      const answers = await writeAll(database, units);
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

/** Plain units by the lean statement, the others by the full one. */
async function writeAll(
  database: Database,
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  // A run goes one way as a whole: its units are written in their order.
  const fullRuns = new Set(units.filter((unit) => !isPlain(unit)).map(({ runId }) => runId));
  const plain = units.filter(isPlain).filter(({ runId }) => !fullRuns.has(runId));
  const others = units.filter(({ runId }) => fullRuns.has(runId));
  const parts = await Promise.all([writePlain(database, plain), writeFull(database, others)]);
  const answers = new Map(parts.flatMap((part) => [...part]));
  return units.map((unit) => answers.get(unit) ?? NO_ANSWER);
}

/** What the lean statement leaves out or refuses goes to the full one, which can tell why. */
async function writePlain(database: Database, units: readonly PlainUnit[]): Promise<Answers> {
  const answers = new Map<CommitUnit, Answer>();
  if (units.length === 0) return answers;
  try {
    for (const [i, lastSeq] of await callPlain(database, units)) {
      const unit = units[i];
      if (unit !== undefined) answers.set(unit, { kind: 'committed', lastSeq });
    }
  } catch (error) {
    if (!isRefused(error)) return new Map(units.map((unit) => [unit, toStorageError(error)]));
  }
  const left = units.filter((unit) => !answers.has(unit));
  return new Map([...answers, ...(await writeFull(database, left))]);
}

async function callPlain(
  database: Database,
  units: readonly PlainUnit[],
): Promise<readonly PlainRow[]> {
  const { rows } = await database.pool.query<PlainRow>({
    name: 'journal_commit_plain',
    text: 'select i, last_seq from journal_commit_plain($1)',
    values: [jsonText(toPlainPayload(units))],
    rowMode: 'array',
  });
  return rows;
}

async function writeFull(database: Database, units: readonly CommitUnit[]): Promise<Answers> {
  if (units.length === 0) return new Map();
  const answers = await writeOrSplit(database, units);
  return new Map(units.map((unit, i) => [unit, answers[i] ?? NO_ANSWER]));
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

async function writeBatch(
  database: Database,
  units: readonly CommitUnit[],
): Promise<readonly Answer[]> {
  const { rows } = await database.pool.query<Row>({
    name: 'journal_commit',
    text: 'select * from journal_commit($1)',
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
