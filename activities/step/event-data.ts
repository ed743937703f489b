import { NO_USAGE, type StepCall, type Usage } from '../../contracts/step.ts';
import type { ArtifactPublishedData, ContextRecalledData } from '../../contracts/event-data.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { Failure } from '../../contracts/app-error.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { RunEnd } from '../../contracts/frontier.ts';
import type { Value } from '../../contracts/blob.ts';

/*
 * What the entries of a run's journal say. Large values are references; nothing here is secret.
 *
 *   run.started         {}
 *   run.succeeded       {output}
 *   run.failed          {error: {code, message}}
 *   run.cancelled       {}
 *   step.started        {nodeId, op, visit, attempt: 1, tool?, arguments?}
 *   step.retrying       {nodeId, dropText: true}: text of the attempt before is void
 *   step.completed      {nodeId, op, visit, result, writes, usage?, take?, model?, error?}
 *                       `writes`: names of channels; `error`: failed, and went on with a default
 *   step.failed         {nodeId, op, visit, error, usage?}
 *   step.cancelled      {nodeId}: not wanted any more
 *   human_task.created  {taskId, kind, title, allowed, assignees, deadlineAt}
 *   artifact.published  {artifactId, name, mediaType, sizeBytes}
 *   context.recalled    {citations, tokens, omitted}
 */

function failureData({ code, message }: Failure): JsonObject {
  return { code, message };
}

function usageData(usage: Usage): JsonObject {
  return usage === NO_USAGE ? {} : { usage: { ...usage } };
}

function ofStep(call: StepCall): JsonObject {
  return { nodeId: call.nodeId, op: call.op, visit: call.visit };
}

/** The run has begun. */
export const RUN_STARTED: EventDraft = { type: 'run.started', data: {} };

/** The run has ended. */
export function runEnded(end: RunEnd, output: Value | null): EventDraft {
  switch (end.status) {
    case 'succeeded':
      return { type: 'run.succeeded', data: { output } };
    case 'failed':
      return { type: 'run.failed', data: { error: failureData(end.error) } };
    case 'cancelled':
      return { type: 'run.cancelled', data: {} };
  }
}

/** The step is executed for the first time; `shown` is what its node shows of it. */
export function stepStarted(call: StepCall, shown: JsonObject): EventDraft {
  return {
    type: 'step.started',
    stepId: call.stepId,
    data: { ...ofStep(call), attempt: 1, ...shown },
  };
}

/** The step is executed again because an earlier attempt never came back. */
export function stepRetrying(call: StepCall): EventDraft {
  return {
    type: 'step.retrying',
    stepId: call.stepId,
    data: { nodeId: call.nodeId, dropText: true },
  };
}

/** What a finished step tells of itself. */
export interface Completion {
  readonly result: Value;
  readonly writes: readonly string[];
  readonly usage: Usage;
  readonly take: number | null;
  readonly model: string | null;
  readonly error: Failure | null;
}

/** The step has finished. */
export function stepCompleted(call: StepCall, done: Completion): EventDraft {
  const data: Record<string, Json> = {
    ...ofStep(call),
    result: done.result,
    writes: [...new Set(done.writes)],
    ...usageData(done.usage),
  };
  if (done.take !== null) data['take'] = done.take;
  if (done.model !== null) data['model'] = done.model;
  if (done.error !== null) data['error'] = failureData(done.error);
  return { type: 'step.completed', stepId: call.stepId, data };
}

/** The step has finally failed. */
export function stepFailed(call: StepCall, error: Failure, usage: Usage): EventDraft {
  const data = { ...ofStep(call), error: failureData(error), ...usageData(usage) };
  return { type: 'step.failed', stepId: call.stepId, data };
}

/** The step is not wanted any more. */
export function stepCancelled(call: StepCall): EventDraft {
  return { type: 'step.cancelled', stepId: call.stepId, data: { nodeId: call.nodeId } };
}

/** A version of a file was published as a result. */
export function artifactPublished(call: StepCall, published: ArtifactPublishedData): EventDraft {
  return { type: 'artifact.published', stepId: call.stepId, data: { ...published } };
}

/** A person is asked. */
export function humanTaskCreated(call: StepCall, task: HumanTaskDraft): EventDraft {
  const { id, kind, title, allowed, assignees, deadlineAt } = task;
  const deadline = deadlineAt === null ? null : new Date(deadlineAt).toISOString();
  return {
    type: 'human_task.created',
    stepId: call.stepId,
    data: { taskId: id, kind, title, allowed, assignees, deadlineAt: deadline },
  };
}

/** A model was shown memories or documents. */
export function contextRecalled(
  call: StepCall,
  { citations: given, tokens, omitted }: ContextRecalledData,
): EventDraft {
  const citations = given.map(({ mark, memoryId, citation }): JsonObject => ({
    mark,
    memoryId,
    citation: citation === null ? null : { ...citation },
  }));
  return { type: 'context.recalled', stepId: call.stepId, data: { citations, tokens, omitted } };
}
