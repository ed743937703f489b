import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from './page.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { humanTaskFromRow } from '../rows/human-task-row.ts';
import { jsonText } from '../json-text.ts';
import { sql } from 'kysely';
import type { HumanTask, HumanTaskKind } from '../../contracts/human-task.ts';
import type { HumanTaskStatus } from '../../contracts/status.ts';

/** What an inbox is narrowed to. */
export interface HumanTaskFilter {
  readonly status?: HumanTaskStatus;
  readonly runId?: string;
  /** Tasks that name this assignee. */
  readonly assignee?: string;
  readonly kind?: HumanTaskKind;
  readonly agentId?: string;
}

/** Questions to people; the journal writes and settles them. */
export interface HumanTaskStore {
  /** Newest first. */
  list(workspaceId: string, filter: HumanTaskFilter, page: PageRequest): Promise<Page<HumanTask>>;
  /** Throws `human_task.not_found`. */
  get(workspaceId: string, taskId: string): Promise<HumanTask>;
}

/** Questions to people on PostgreSQL. */
export function createHumanTaskStore({ kysely }: Database): HumanTaskStore {
  return {
    list: async (workspaceId, filter, page) => {
      const before = textPlace(page);
      let query = kysely
        .selectFrom('human_tasks as task')
        .selectAll('task')
        .where('task.workspace_id', '=', workspaceId)
        .orderBy('task.id', 'desc')
        .limit(rowsToRead(page));
      if (before !== null) query = query.where('task.id', '<', before);
      if (filter.status !== undefined) query = query.where('task.status', '=', filter.status);
      if (filter.runId !== undefined) query = query.where('task.run_id', '=', filter.runId);
      if (filter.kind !== undefined) query = query.where('task.kind', '=', filter.kind);
      const { assignee, agentId } = filter;
      if (assignee !== undefined) {
        query = query.where(sql<boolean>`task.assignees @> ${jsonText([assignee])}::jsonb`);
      }
      if (agentId !== undefined) {
        query = query.where((eb) =>
          eb.exists(
            eb
              .selectFrom('runs as run')
              .select('run.id')
              .whereRef('run.workspace_id', '=', 'task.workspace_id')
              .whereRef('run.id', '=', 'task.run_id')
              .where('run.agent_id', '=', agentId),
          ),
        );
      }
      const rows = await query.execute();
      return toPage(rows, page, { item: humanTaskFromRow, place: (row) => [row.id] });
    },
    get: async (workspaceId, taskId) => {
      const row = await kysely
        .selectFrom('human_tasks')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', taskId)
        .executeTakeFirst();
      if (row === undefined) {
        throw new AppError('human_task.not_found', `there is no human task ${taskId}`);
      }
      return humanTaskFromRow(row);
    },
  };
}
