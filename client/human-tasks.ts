import { newId } from '../contracts/ids.ts';
import type { DecideRequest, ListHumanTasksQuery } from '../contracts/human-task.schema.ts';
import type { HumanTask } from '../contracts/human-task.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Questions to people, and their answers. */
export interface HumanTasks {
  list(query?: ListHumanTasksQuery): Paged<HumanTask>;
  get(taskId: string, options?: RequestOptions): Promise<HumanTask>;
  /** Answers an open task. The first decision stands; a later one is refused with a clear code. */
  decide(taskId: string, decision: DecideRequest, options?: RequestOptions): Promise<HumanTask>;
}

const HUMAN_TASKS = '/v1/human-tasks';

/** The resource `human-tasks`. */
export function createHumanTasks(transport: Transport): HumanTasks {
  const pathOf = (taskId: string): string => `${HUMAN_TASKS}/${segment(taskId)}`;
  return {
    list: (query = {}) => createPaged(transport, { path: HUMAN_TASKS, query }),
    get: (taskId, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(taskId), signal }),
    decide: (taskId, decision, { signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(taskId)}/decision`,
        // Made once per call: a repetition after a lost answer finds its own decision.
        body: { ...decision, decisionId: decision.decisionId ?? newId('decision') },
        signal,
      }),
  };
}
