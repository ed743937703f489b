import { advance } from '../../engine/advance.ts';
import type { Frontier } from '../../contracts/frontier.ts';
import type { Journal, RunRef } from '../../contracts/journal.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { StepRecord } from '../../contracts/records.ts';

/** Where a run stands once all that is journaled counts. */
export interface Replayed {
  readonly frontier: Frontier;
  readonly ran: readonly string[];
}

/** Above this many ready steps all of the run's steps are read at once. */
const SINGLE_LOOKUPS = 3;

/**
 * Applies outcomes that were journaled but never reached the frontier: the process that committed
 * them died. Costs one look-up while there are none.
 */
export async function replay(
  journal: Journal,
  ref: RunRef,
  at: {
    readonly plan: Plan;
    readonly frontier: Frontier;
    /** Steps whose outcome somebody else will bring. */
    readonly except: readonly string[];
  },
): Promise<Replayed> {
  const { plan, frontier, except } = at;
  if (!(await isBehind(journal, ref, { frontier, except }))) return { frontier, ran: [] };
  const records = new Map<string, StepRecord>();
  for (const record of await journal.loadSteps(ref, frontier.epoch)) {
    if (isFinished(record) && !except.includes(record.stepId)) records.set(record.stepId, record);
  }
  const ran: string[] = [];
  let current = frontier;
  for (;;) {
    const next = earliest(current, records);
    if (next === null || next.outcome === null) return { frontier: current, ran };
    const { stepId, outcome } = next;
    const now = Date.parse(next.endedAt ?? next.startedAt);
    current = advance(plan, current, { stepId, outcome, now }).frontier;
    ran.push(stepId);
  }
}

function isFinished({ status, outcome }: StepRecord): boolean {
  return outcome !== null && (status === 'done' || status === 'failed');
}

async function isBehind(
  journal: Journal,
  ref: RunRef,
  at: { readonly frontier: Frontier; readonly except: readonly string[] },
): Promise<boolean> {
  const { frontier, except } = at;
  const ready = frontier.tokens.filter(
    ({ stepId, waitingFor }) => waitingFor === undefined && !except.includes(stepId),
  );
  if (ready.length > SINGLE_LOOKUPS) return true;
  const records = await Promise.all(
    ready.map(({ stepId }) => journal.loadStep(ref, frontier.epoch, stepId)),
  );
  return records.some((record) => record !== null && isFinished(record));
}

/** The wanted step that finished first: joins that do not wait for all must see the same order. */
function earliest(frontier: Frontier, records: ReadonlyMap<string, StepRecord>): StepRecord | null {
  let found: StepRecord | null = null;
  for (const { stepId } of frontier.tokens) {
    const record = records.get(stepId);
    if (record !== undefined && (found === null || isBefore(record, found))) found = record;
  }
  return found;
}

/** By the numbers of their entries: steps that are written together bear the same time. */
function isBefore(one: StepRecord, other: StepRecord): boolean {
  const [a, b] = [one.seq ?? null, other.seq ?? null];
  return a === null || b === null ? endOf(one) < endOf(other) : a < b;
}

function endOf({ endedAt, startedAt }: StepRecord): string {
  return endedAt ?? startedAt;
}
