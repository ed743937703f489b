import type { CommitUnit, Reservation, RunRef, StepWrite } from '../../contracts/journal.ts';
import type { Decision, HumanTaskDraft } from '../../contracts/human-task.ts';
import { NO_USAGE, type StepCall } from '../../contracts/step.ts';
import type { EventDraft } from '../../contracts/event.ts';
import { newId } from '../../contracts/ids.ts';

/** The n-th step of a run on its main path. */
export function call(n: number): StepCall {
  const key = String(n).padStart(5, '0');
  return { stepId: `set:${n}`, nodeId: 'set', op: 'node', visit: n, key };
}

/** A finished, cheap step. */
export function doneStep(of: StepCall, more: Partial<StepWrite> = {}): StepWrite {
  return {
    call: of,
    status: 'done',
    attempt: 0,
    outcome: { kind: 'done', take: of.visit },
    deltas: [{ channel: 'list', value: of.stepId }],
    result: { of: of.stepId },
    error: null,
    usage: NO_USAGE,
    memo: {},
    startedAt: Date.now(),
    ...more,
  };
}

/** A unit with a finished step and its entry. */
export function doneUnit(ref: RunRef, of: StepCall, more: Partial<CommitUnit> = {}): CommitUnit {
  const events: EventDraft[] = [{ type: 'step.completed', stepId: of.stepId, data: {} }];
  return { ...ref, epoch: 0, step: doneStep(of), events, ...more };
}

/** A question to anybody. */
export function taskDraft(): HumanTaskDraft {
  return {
    id: newId('humanTask'),
    kind: 'review',
    title: 'Is it fine?',
    description: '',
    subject: null,
    form: true,
    allowed: ['approve', 'reject'],
    assignees: ['ann'],
    deadlineAt: null,
  };
}

/** A unit with which a step begins to wait for the task. */
export function waitUnit(
  ref: RunRef,
  of: StepCall,
  wait: { readonly task: HumanTaskDraft; readonly attempt?: number },
): CommitUnit {
  const { task, attempt = 0 } = wait;
  return {
    ...ref,
    epoch: 0,
    step: doneStep(of, {
      status: 'waiting',
      attempt,
      outcome: { kind: 'wait', taskId: task.id, deadlineAt: null },
      deltas: [],
      result: null,
      memo: { phase: 'asked' },
    }),
    events: [{ type: 'human_task.created', stepId: of.stepId, data: { taskId: task.id } }],
    tasks: [task],
  };
}

/** A unit that ends the run well. */
export function endUnit(ref: RunRef, more: Partial<CommitUnit> = {}): CommitUnit {
  return {
    ...ref,
    epoch: 0,
    events: [{ type: 'run.succeeded', data: {} }],
    end: { end: { status: 'succeeded' }, output: 'fine', messages: [] },
    ...more,
  };
}

/** Asks for a step. */
export function reservation(
  ref: RunRef,
  of: StepCall,
  more: Partial<Reservation> = {},
): Reservation {
  return {
    ...ref,
    call: of,
    epoch: 0,
    started: { type: 'step.started', stepId: of.stepId, data: {} },
    retrying: { type: 'step.retrying', stepId: of.stepId, data: {} },
    memo: { first: true },
    resume: false,
    ...more,
  };
}

/** A person's approval. */
export function approval(): Decision {
  return {
    decisionId: newId('decision'),
    kind: 'approve',
    decidedBy: newId('apiKey'),
    decidedAt: new Date().toISOString(),
  };
}
