import type {
  CommitResult,
  CommitUnit,
  KeyRange,
  Reservation,
  Reserved,
  RunEndWrite,
  RunFacts,
  StepDeltas,
  StepWrite,
} from '../../contracts/journal.ts';
import type {
  Decision,
  HumanTask,
  HumanTaskDraft,
  Settlement,
} from '../../contracts/human-task.ts';
import { newStep, outcomeOf, recordOf, settlementOf, sum, type MemoryStep } from './memory-step.ts';
import type { EventDraft, RunEvent } from '../../contracts/event.ts';
import { isTerminal, type RunStatus } from '../../contracts/status.ts';
import { NO_USAGE, type Usage } from '../../contracts/step.ts';
import { AppError, type Failure } from '../../contracts/app-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { TokenLog } from './token-log.ts';
import type { Value } from '../../contracts/blob.ts';

/** A run's whole journal in memory. Each method is one transaction. */
export class MemoryRun {
  facts: RunFacts;
  output: Value | null = null;
  error: Failure | null = null;
  usage: Usage = NO_USAGE;
  readonly events: RunEvent[] = [];
  readonly tasks = new Map<string, HumanTask>();
  readonly tokens = new TokenLog();
  readonly #steps = new Map<string, MemoryStep>();
  readonly #snapshots = new Map<string, { readonly key: string; readonly state: JsonObject }>();

  constructor(facts: RunFacts) {
    this.facts = facts;
    this.#log([{ type: 'run.created', data: { versionId: facts.versionId } }]);
  }

  /** Finished and waiting steps of an epoch in key order. */
  steps(epoch: number): readonly MemoryStep[] {
    const found = [...this.#steps.values()].filter(
      (step) => step.epoch === epoch && step.status !== 'running',
    );
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  step(epoch: number, stepId: string): MemoryStep | null {
    return this.#steps.get(`${epoch} ${stepId}`) ?? null;
  }

  openTasks(): readonly HumanTask[] {
    return [...this.tasks.values()].filter(({ status }) => status === 'open');
  }

  deltas(
    epoch: number,
    ranges: readonly KeyRange[],
  ): { snapshot: { key: string; state: JsonObject } | null; steps: readonly StepDeltas[] } {
    const isIn = (key: string, range: KeyRange | undefined): boolean =>
      range !== undefined && range.after < key && key <= range.upTo;
    const snapshot =
      [...this.#snapshots]
        .filter(([name, { key }]) => name === `${epoch} ${key}` && isIn(key, ranges[0]))
        .map(([, value]) => value)
        .sort((a, b) => (a.key < b.key ? 1 : -1))[0] ?? null;
    const steps = this.steps(epoch)
      .filter(({ status, deltas }) => status === 'done' && deltas.length > 0)
      .filter(({ key }) => key >= (snapshot?.key ?? ''))
      .filter(({ key }) => ranges.some((range) => isIn(key, range)))
      .map(({ key, deltas }) => ({ key, deltas }));
    return { snapshot, steps };
  }

  reserve(asked: Reservation): Reserved {
    if (isTerminal(this.facts.status)) return { kind: 'run_ended' };
    if (asked.epoch !== this.facts.epoch) {
      throw new AppError('step.superseded', `epoch ${asked.epoch} of the run is superseded`);
    }
    const known = this.step(asked.epoch, asked.call.stepId);
    if (known === null) {
      this.#put(newStep(this.facts.runId, asked));
      this.#log([asked.started]);
      return { kind: 'granted', attempt: 1, memo: asked.memo };
    }
    if (known.status === 'running') return this.#retry(known, asked);
    if (known.status === 'waiting') return this.#resume(known, asked);
    return { kind: 'finished', outcome: outcomeOf(known) };
  }

  commit(unit: CommitUnit): CommitResult {
    if (isTerminal(this.facts.status)) return { kind: 'run_ended' };
    if (unit.epoch !== this.facts.epoch) return { kind: 'superseded' };
    const refused = unit.step === undefined ? null : this.#refusal(unit.epoch, unit.step);
    if (refused !== null) return refused;
    const isLate = unit.start === true && this.facts.status !== 'queued';
    const entries = unit.events.filter(({ type }) => !(isLate && type === 'run.started'));
    const cancelled = this.#cancelOrphans(unit);
    // Nothing may follow the end of a run.
    this.#log([...entries.slice(0, -1), ...cancelled, ...entries.slice(-1)]);
    if (unit.step !== undefined) this.#writeStep(unit.epoch, unit.step);
    for (const task of unit.tasks ?? []) this.#openTask(task, unit.step?.call.stepId ?? '');
    if (unit.snapshot !== undefined) {
      this.#snapshots.set(`${unit.epoch} ${unit.snapshot.key}`, unit.snapshot);
    }
    if (unit.end !== undefined) this.#end(unit.end);
    else this.#setStatus(this.#statusAfter(unit.start === true));
    return { kind: 'committed', lastSeq: this.events.length };
  }

  settle(taskId: string, by: Decision | 'timeout'): Settlement {
    const task = this.tasks.get(taskId);
    if (task === undefined) {
      throw new AppError('human_task.not_found', `the run has no human task ${taskId}`);
    }
    const standing = settlementOf(task);
    if (standing !== null) return standing;
    if (task.status === 'cancelled') {
      throw new AppError('human_task.cancelled', `task ${taskId} was cancelled with its run`);
    }
    const { stepId } = task;
    const data = by === 'timeout' ? { taskId } : { taskId, decision: { ...by } };
    this.tasks.set(taskId, {
      ...task,
      status: by === 'timeout' ? 'expired' : 'decided',
      decision: by === 'timeout' ? null : by,
    });
    const type = by === 'timeout' ? 'human_task.expired' : 'human_task.decided';
    this.#log([{ type, stepId, data }]);
    this.#setStatus(this.#statusAfter(false));
    return by === 'timeout' ? { by } : { by: 'decision', decision: by };
  }

  appendToken(chunk: { stepId: string; attempt: number; text: string }): void {
    const step = this.step(this.facts.epoch, chunk.stepId);
    const isVoid = step !== null && (step.status !== 'running' || step.attempt !== chunk.attempt);
    if (!isVoid && !isTerminal(this.facts.status)) this.tokens.append(this.events.length, chunk);
  }

  #refusal(epoch: number, write: StepWrite): CommitResult | null {
    const known = this.step(epoch, write.call.stepId);
    if (known === null) return write.attempt === 0 ? null : { kind: 'superseded' };
    if (known.status !== 'running' && known.status !== 'waiting') {
      return { kind: 'finished', outcome: outcomeOf(known) };
    }
    if (known.attempt !== write.attempt) return { kind: 'superseded' };
    const isAsked = known.status === 'waiting' && this.#taskOf(known).status === 'open';
    return isAsked && write.status === 'waiting'
      ? { kind: 'finished', outcome: outcomeOf(known) }
      : null;
  }

  #retry(known: MemoryStep, asked: Reservation): Reserved {
    this.#put({ ...known, attempt: known.attempt + 1 });
    this.tokens.drop(known.stepId);
    this.#log([asked.retrying]);
    return { kind: 'granted', attempt: known.attempt + 1, memo: known.memo };
  }

  #resume(known: MemoryStep, asked: Reservation): Reserved {
    const task = this.#taskOf(known);
    const { attempt, memo } = known;
    if (!asked.resume || task.status === 'open') {
      return { kind: 'waiting', attempt, task, settlement: settlementOf(task), memo };
    }
    this.#put({ ...known, status: 'running', attempt: attempt + 1, memo: asked.memo });
    return { kind: 'granted', attempt: attempt + 1, memo: asked.memo };
  }

  #writeStep(epoch: number, write: StepWrite): void {
    const { call, usage, startedAt, ...rest } = write;
    const known = this.step(epoch, call.stepId);
    const isOpen = write.status === 'waiting';
    this.#put({
      ...rest,
      ...recordOf(this.facts.runId, epoch, call),
      usage: sum(known?.usage ?? NO_USAGE, usage),
      startedAt: known?.startedAt ?? new Date(startedAt).toISOString(),
      endedAt: isOpen ? null : new Date().toISOString(),
      seq: isOpen ? null : this.#seqOf(call.stepId),
    });
    this.usage = sum(this.usage, usage);
    if (!isOpen) this.tokens.drop(call.stepId);
  }

  /** The entry that tells of the step's end numbers its checkpoint. */
  #seqOf(stepId: string): number {
    const entry = this.events.findLast(
      (event) => event.stepId === stepId && event.type.startsWith('step.'),
    );
    return entry?.seq ?? this.events.length;
  }

  #cancelOrphans({ end, step }: CommitUnit): readonly EventDraft[] {
    const orphans = this.openTasks().filter(
      ({ stepId }) =>
        end !== undefined || (step?.status !== 'waiting' && stepId === step?.call.stepId),
    );
    for (const task of orphans) this.tasks.set(task.id, { ...task, status: 'cancelled' });
    return orphans.map(({ id, stepId }) => ({
      type: 'human_task.cancelled',
      stepId,
      data: { taskId: id },
    }));
  }

  #openTask(draft: HumanTaskDraft, stepId: string): void {
    const { workspaceId, runId } = this.facts;
    const { deadlineAt } = draft;
    this.tasks.set(draft.id, {
      ...draft,
      workspaceId,
      runId,
      stepId,
      status: 'open',
      deadlineAt: deadlineAt === null ? null : new Date(deadlineAt).toISOString(),
      decision: null,
      createdAt: new Date().toISOString(),
    });
  }

  #end({ end, output }: RunEndWrite): void {
    this.output = output;
    this.error = end.status === 'failed' ? end.error : null;
    this.tokens.clear();
    this.#setStatus(end.status);
  }

  #statusAfter(starts: boolean): RunStatus {
    if (this.openTasks().length > 0) return 'waiting';
    return this.facts.status === 'queued' && !starts ? 'queued' : 'running';
  }

  #setStatus(status: RunStatus): void {
    this.facts = { ...this.facts, status };
  }

  #taskOf({ outcome }: MemoryStep): HumanTask {
    const task = outcome?.kind === 'wait' ? this.tasks.get(outcome.taskId) : undefined;
    if (task === undefined) throw new Error('a waiting step has no human task');
    return task;
  }

  #put(step: MemoryStep): void {
    this.#steps.set(`${step.epoch} ${step.stepId}`, step);
  }

  #log(drafts: readonly EventDraft[]): void {
    for (const draft of drafts) {
      this.events.push({ ...draft, seq: this.events.length + 1, at: new Date().toISOString() });
    }
  }
}
