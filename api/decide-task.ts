import { AppError } from '../contracts/app-error.ts';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { newId } from '../contracts/ids.ts';
import { problemReply } from './problem-document.ts';
import { validateJson } from '../engine/json-schema.ts';
import type { DecideRequest } from '../contracts/human-task.schema.ts';
import type { Decision, HumanTask } from '../contracts/human-task.ts';
import type { Principal } from '../contracts/records.ts';
import type { Problem } from '../contracts/problem.ts';
import type { Reply } from './route.ts';
import type { Services } from './services.ts';

/** A decision as it came in. */
export interface DecideTask {
  readonly taskId: string;
  readonly body: DecideRequest;
  readonly principal: Principal;
  readonly requestId: string;
}

/**
 * Delivers a decision to the run. The first one stands: the same again answers as before, any other
 * is a conflict that names the one that stands.
 */
export async function decideTask(services: Services, decide: DecideTask): Promise<Reply> {
  const { body, principal, requestId, taskId } = decide;
  const { workspaceId } = principal;
  const task = await services.humanTasks.get(workspaceId, taskId);
  const decision = await toDecision(services, decide);
  if (task.status !== 'open') return settledReply(task, decision, requestId);
  refuseUnfit(task, body);
  const { runId } = task;
  try {
    await services.control.decide({ workspaceId, runId, taskId, decision });
  } catch (error) {
    const now = await services.humanTasks.get(workspaceId, taskId);
    if (now.status === 'open') throw error;
    // Another decision came first: what is stored says more than the refusal.
    return settledReply(now, decision, requestId);
  }
  return settledReply(await services.humanTasks.get(workspaceId, taskId), decision, requestId);
}

async function toDecision(services: Services, decide: DecideTask): Promise<Decision> {
  const { body, principal } = decide;
  const { workspaceId, apiKeyId } = principal;
  return {
    decisionId: body.decisionId ?? newId('decision'),
    kind: body.kind,
    ...(body.value === undefined
      ? {}
      : { value: await services.values.putValue(workspaceId, body.value) }),
    ...(body.reason === undefined ? {} : { reason: body.reason }),
    decidedBy: apiKeyId,
    decidedAt: new Date().toISOString(),
  };
}

function settledReply(task: HumanTask, mine: Decision, requestId: string): Reply {
  const { status, decision } = task;
  if (status === 'decided' && decision !== null) {
    return isSame(decision, mine)
      ? { status: 200, body: task }
      : conflict(decision, mine, requestId);
  }
  if (status === 'expired') {
    throw new AppError('human_task.expired', `task ${task.id} has expired; its run went on`);
  }
  if (status === 'cancelled') {
    throw new AppError('human_task.cancelled', `task ${task.id} was cancelled with its run`);
  }
  const message = 'the decision was delivered but is not stored yet; send it again';
  throw new AppError('service.unavailable', message, { retryAfterMs: 1_000 });
}

function isSame(stored: Decision, mine: Decision): boolean {
  return (
    stored.decisionId === mine.decisionId &&
    stored.kind === mine.kind &&
    stored.reason === mine.reason &&
    canonicalJson(stored.value ?? null) === canonicalJson(mine.value ?? null)
  );
}

function conflict(stored: Decision, mine: Decision, requestId: string): Reply {
  const { decisionId, kind, decidedAt } = stored;
  const what =
    decisionId === mine.decisionId ? 'with this id but other content' : `as ${decisionId}`;
  const error = new AppError(
    'human_task.already_decided',
    `the task was decided ${what}: ${kind}, at ${decidedAt}`,
  );
  const reply = problemReply(error, requestId);
  return { ...reply, body: { ...Object(reply.body), decision: { decisionId, kind, decidedAt } } };
}

function refuseUnfit(task: HumanTask, body: DecideRequest): void {
  const problems = problemsOf(task, body);
  if (problems.length === 0) return;
  throw new AppError('human_task.invalid_decision', 'the decision does not fit the task', {
    problems,
  });
}

function problemsOf(task: HumanTask, body: DecideRequest): readonly Problem[] {
  const code = 'human_task.invalid_decision';
  if (!task.allowed.includes(body.kind)) {
    const message = `the task allows ${task.allowed.join(', ')}`;
    return [{ pointer: '/kind', code, message }];
  }
  const carriesValue = body.kind === 'edit' || body.kind === 'answer';
  if (!carriesValue) {
    if (body.value === undefined) return [];
    return [{ pointer: '/value', code, message: `${body.kind} carries no value; remove it` }];
  }
  if (body.value === undefined) {
    return [{ pointer: '/value', code, message: `${body.kind} needs a value` }];
  }
  return validateJson(task.form, body.value, '/value');
}
