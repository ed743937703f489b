import { isJsonObject, type JsonObject } from '../../contracts/json.ts';
import { stepRetrying, stepStarted } from './event-data.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { HumanTask } from '../../contracts/human-task.ts';
import type { Journal, Reserved, RunRef } from '../../contracts/journal.ts';
import type { Preparation, SettledWait } from '../nodes/node-type.ts';
import type { StepCall, StepOutcome } from '../../contracts/step.ts';

/** The right to execute a step, and what is known of earlier attempts. */
export interface Opened {
  readonly kind: 'opened';
  /** The attempt that a commit must name; 0 for a step that was not reserved. */
  readonly attempt: number;
  /** 1 for the first attempt since the step began or went on behind its wait. */
  readonly tries: number;
  /** Nobody else got as far as this phase's effect. */
  readonly firstTry: boolean;
  readonly memo: JsonObject;
  readonly settled: SettledWait | null;
  /** Entries to be committed with the step because no reservation wrote them. */
  readonly events: readonly EventDraft[];
}

/** Nothing is to be executed: the step's outcome is known. */
export interface Answered {
  readonly kind: 'answered';
  readonly outcome: StepOutcome;
}

/** The run has ended; the step may have finished before. */
export interface Ended {
  readonly kind: 'ended';
}

/** What opening a step needs. */
export interface Opening {
  readonly journal: Journal;
  readonly ref: RunRef;
  readonly epoch: number;
  readonly call: StepCall;
  /** What the node wants kept, given its last memo and the task that was settled. */
  readonly prepare: (memo: JsonObject, settled: SettledWait | null) => Promise<Preparation>;
  readonly reserves: boolean;
  readonly showable: (fields: JsonObject) => Promise<JsonObject>;
}

/** What is kept with a reservation beside the node's memo. */
interface Envelope {
  /** Tells this executor's reservation from one that it finds. */
  readonly token: string;
  /** Attempt with which the step began, or went on behind its wait. */
  readonly base: number;
  readonly node: JsonObject;
  readonly settled: SettledWait | null;
}

function writeEnvelope({ token, base, node, settled }: Envelope): JsonObject {
  if (settled === null) return { token, base, node };
  // Tasks and settlements are plain JSON; they are kept as they are.
  return { token, base, node, settled: settled as unknown as JsonObject };
}

function readEnvelope(memo: JsonObject): Envelope {
  const { token, base, node, settled } = memo;
  return {
    token: typeof token === 'string' ? token : '',
    base: typeof base === 'number' ? base : 1,
    node: isJsonObject(node) ? node : {},
    settled: isJsonObject(settled) ? (settled as unknown as SettledWait) : null,
  };
}

/** What a waiting step keeps until it goes on. */
export function waitingMemo(node: JsonObject): JsonObject {
  return { node };
}

/** Reserves the step if its effects ask for it; finds out what earlier attempts have done. */
export async function openStep(opening: Opening): Promise<Opened | Answered | Ended> {
  const prepared = await opening.prepare({}, null);
  const shown = prepared.started === undefined ? {} : await opening.showable(prepared.started);
  const started = stepStarted(opening.call, shown);
  if (!(prepared.reserve ?? opening.reserves)) {
    const { memo } = prepared;
    return {
      kind: 'opened',
      attempt: 0,
      tries: 1,
      firstTry: true,
      memo,
      settled: null,
      events: [started],
    };
  }
  const envelope: Envelope = { token: newToken(), base: 1, node: prepared.memo, settled: null };
  const reserved = await reserve(opening, { started, envelope, resume: false });
  if (reserved.kind !== 'waiting') return toOpened(reserved, envelope.token);
  if (reserved.settlement === null)
    return { kind: 'answered', outcome: waitOutcome(reserved.task) };
  return goOn(opening, { ...reserved, settlement: reserved.settlement }, started);
}

async function goOn(
  opening: Opening,
  waiting: SettledWait & { readonly attempt: number; readonly memo: JsonObject },
  started: EventDraft,
): Promise<Opened | Answered | Ended> {
  const settled: SettledWait = { task: waiting.task, settlement: waiting.settlement };
  const { memo } = await opening.prepare(readEnvelope(waiting.memo).node, settled);
  const envelope = { token: newToken(), base: waiting.attempt + 1, node: memo, settled };
  const reserved = await reserve(opening, { started, envelope, resume: true });
  if (reserved.kind === 'waiting') {
    return { kind: 'answered', outcome: waitOutcome(reserved.task) };
  }
  return toOpened(reserved, envelope.token);
}

function reserve(
  { journal, ref, epoch, call }: Opening,
  ask: { readonly started: EventDraft; readonly envelope: Envelope; readonly resume: boolean },
): Promise<Reserved> {
  return journal.reserve({
    workspaceId: ref.workspaceId,
    runId: ref.runId,
    call,
    epoch,
    started: ask.started,
    retrying: stepRetrying(call),
    memo: writeEnvelope(ask.envelope),
    resume: ask.resume,
  });
}

function toOpened(
  reserved: Exclude<Reserved, { kind: 'waiting' }>,
  token: string,
): Opened | Answered | Ended {
  switch (reserved.kind) {
    case 'finished':
      return { kind: 'answered', outcome: reserved.outcome };
    case 'run_ended':
      return { kind: 'ended' };
    case 'granted': {
      const envelope = readEnvelope(reserved.memo);
      return {
        kind: 'opened',
        attempt: reserved.attempt,
        tries: reserved.attempt - envelope.base + 1,
        firstTry: envelope.token === token,
        memo: envelope.node,
        settled: envelope.settled,
        events: [],
      };
    }
  }
}

function newToken(): string {
  return crypto.randomUUID();
}

/** The outcome that a waiting step was recorded with. */
function waitOutcome(task: HumanTask): StepOutcome {
  const deadlineAt = task.deadlineAt === null ? null : Date.parse(task.deadlineAt);
  return { kind: 'wait', taskId: task.id, deadlineAt };
}
