import { AppError } from '../../contracts/app-error.ts';
import type { Journal } from '../../contracts/journal.ts';

/** How long to wait for a journal that cannot be reached. */
export interface JournalPatience {
  readonly maxMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Codes of lost or refused connections, of the system and of PostgreSQL. */
const UNREACHABLE = /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|57P|08|53)/;

/**
 * The journal, asked again for a while when it cannot be reached: a short outage must not cost a
 * step's attempt, let alone a model's answer. Everything that is asked may be asked twice.
 */
export function createPatientJournal(journal: Journal, patience: JournalPatience): Journal {
  const patient =
    <Args extends readonly unknown[], Result>(ask: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      askPatiently(() => ask(...args), patience);
  return {
    loadRun: patient((ref) => journal.loadRun(ref)),
    loadVersion: patient((workspaceId, id) => journal.loadVersion(workspaceId, id)),
    loadSteps: patient((ref, epoch) => journal.loadSteps(ref, epoch)),
    loadStep: patient((ref, epoch, stepId) => journal.loadStep(ref, epoch, stepId)),
    loadMessages: patient((workspaceId, id, upTo) => journal.loadMessages(workspaceId, id, upTo)),
    loadDeltas: patient((ref, epoch, ranges) => journal.loadDeltas(ref, epoch, ranges)),
    reserve: patient((reservation) => journal.reserve(reservation)),
    commit: patient((unit) => journal.commit(unit)),
    settle: patient((ref, taskId, by) => journal.settle(ref, taskId, by)),
    appendToken: (chunk) => journal.appendToken(chunk),
    putValue: patient((workspaceId, value) => journal.putValue(workspaceId, value)),
    getValue: patient((workspaceId, value) => journal.getValue(workspaceId, value)),
  };
}

async function askPatiently<Result>(
  ask: () => Promise<Result>,
  { maxMs, sleep, now }: JournalPatience,
): Promise<Result> {
  let pauseMs = FIRST_PAUSE_MS;
  let until: number | null = null;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      until ??= now() + maxMs;
      if (now() + pauseMs > until) throw toUnavailable(error);
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'service.unavailable';
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return UNREACHABLE.test(code) || error.message.startsWith('Connection terminated');
}

function toUnavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('service.unavailable', 'the journal cannot be reached', { cause: error });
}
