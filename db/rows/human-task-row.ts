import type { HumanTask, Settlement } from '../../contracts/human-task.ts';
import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

/** A human task as callers know it. */
export function humanTaskFromRow(row: Selectable<Tables['human_tasks']>): HumanTask {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    runId: row.run_id,
    stepId: row.step_id,
    kind: row.kind,
    status: row.status,
    title: row.title,
    description: row.description,
    subject: row.subject,
    form: row.form,
    allowed: row.allowed,
    assignees: row.assignees,
    deadlineAt: row.deadline_at?.toISOString() ?? null,
    decision: row.decision,
    createdAt: row.created_at.toISOString(),
  };
}

/** How the task was answered; null while it is open, and when it was cancelled. */
export function settlementOf(task: HumanTask): Settlement | null {
  if (task.decision !== null) return { by: 'decision', decision: task.decision };
  return task.status === 'expired' ? { by: 'timeout' } : null;
}
