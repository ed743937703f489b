import type { CommitUnit, RunEndWrite, StepWrite } from '../../contracts/journal.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';
import { newId } from '../../contracts/ids.ts';
import type { Usage } from '../../contracts/step.ts';

/** A unit as `journal_commit` reads it; `i` is its place in the batch. */
export function toPayload(unit: CommitUnit, i: number): object {
  return {
    i,
    workspace_id: unit.workspaceId,
    run_id: unit.runId,
    epoch: unit.epoch,
    starts: unit.start,
    events: unit.events.map(toEventPayload),
    ...(unit.step === undefined ? {} : stepPayload(unit.step, unit.events)),
    tasks: unit.tasks?.map(taskPayload),
    snapshot_key: unit.snapshot?.key,
    snapshot: unit.snapshot?.state,
    ...(unit.end === undefined ? {} : endPayload(unit.end)),
  };
}

/** An entry as the journal's functions read it. */
export function toEventPayload(event: EventDraft): object {
  return { type: event.type, step_id: event.stepId, data: event.data };
}

/** A step as the journal's functions read it. */
export function stepPayload(step: StepWrite, events: readonly EventDraft[]): object {
  const { call, usage } = step;
  return {
    step_id: call.stepId,
    node_id: call.nodeId,
    op: call.op,
    visit: call.visit,
    key: call.key,
    parent_step_id: call.parentStepId,
    call_index: call.callIndex,
    status: step.status,
    attempt: step.attempt,
    started_at: step.startedAt,
    step_event: placeOfStepEvent(call.stepId, events),
    outcome: step.outcome,
    deltas: step.deltas.length === 0 ? undefined : step.deltas,
    result: step.result ?? undefined,
    error: step.error ?? undefined,
    memo: Object.keys(step.memo).length === 0 ? undefined : step.memo,
    ...(isUsed(usage)
      ? {
          usage,
          model_calls: usage.modelCalls,
          tool_calls: usage.toolCalls,
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
        }
      : {}),
  };
}

/** Whether a step used anything that its run counts. */
export function isUsed(usage: Usage): boolean {
  return usage.modelCalls + usage.toolCalls + usage.inputTokens + usage.outputTokens > 0;
}

/** 1-based place of the entry that tells of the step's end; it numbers the checkpoint. */
function placeOfStepEvent(stepId: string, events: readonly EventDraft[]): number | undefined {
  const index = events.findLastIndex(
    (event) => event.stepId === stepId && event.type.startsWith('step.'),
  );
  return index === -1 ? undefined : index + 1;
}

function taskPayload(task: HumanTaskDraft): object {
  return {
    id: task.id,
    kind: task.kind,
    title: task.title,
    description: task.description,
    subject: task.subject,
    form: task.form,
    allowed: task.allowed,
    assignees: task.assignees,
    deadline_at: task.deadlineAt,
  };
}

function endPayload({ end, output, messages }: RunEndWrite): object {
  return {
    end_status: end.status,
    output,
    end_error: end.status === 'failed' ? end.error : undefined,
    messages:
      messages.length === 0
        ? undefined
        : messages.map((message) => ({ id: newId('message'), message })),
  };
}
