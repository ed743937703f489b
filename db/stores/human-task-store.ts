import type { HumanTask, HumanTaskKind } from '../../contracts/human-task.ts';
import type { HumanTaskStatus } from '../../contracts/status.ts';
import type { Page, PageRequest } from './page.ts';

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
