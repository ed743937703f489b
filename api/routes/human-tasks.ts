import {
  decideSchema,
  humanTaskSchema,
  listHumanTasksQuerySchema,
} from '../../contracts/human-task.schema.ts';
import { decideTask } from '../decide-task.ts';
import { defined } from '../defined.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';

const listTasks = route({
  method: 'GET',
  path: '/v1/human-tasks',
  permission: 'tasks:read',
  summary: 'List questions to people, newest first',
  query: listHumanTasksQuerySchema,
  answers: { 200: { description: 'a page of tasks', schema: pageSchema(humanTaskSchema) } },
  problems: ['agent.not_found', 'list.bad_cursor'],
  handler: async ({ query, workspaceId }, { humanTasks, versions }) => {
    const { status, runId, assignee, kind } = query;
    const agentId =
      query.agent === undefined ? undefined : (await versions.agent(workspaceId, query.agent)).id;
    const filter = defined({ status, runId, assignee, kind, agentId });
    return { status: 200, body: await humanTasks.list(workspaceId, filter, toPageRequest(query)) };
  },
});

const getTask = route({
  method: 'GET',
  path: '/v1/human-tasks/{task}',
  permission: 'tasks:read',
  summary: 'Read a question to a person',
  answers: { 200: { description: 'the task', schema: humanTaskSchema } },
  problems: ['human_task.not_found'],
  handler: async ({ params, workspaceId }, { humanTasks }) => ({
    status: 200,
    body: await humanTasks.get(workspaceId, params.task),
  }),
});

const decide = route({
  method: 'POST',
  path: '/v1/human-tasks/{task}/decision',
  permission: 'tasks:decide',
  summary: 'Decide a task; the first decision stands',
  body: decideSchema,
  bodyBytes: LIMITS.decisionBytes,
  answers: { 200: { description: 'the decided task', schema: humanTaskSchema } },
  problems: [
    'human_task.not_found',
    'human_task.invalid_decision',
    'human_task.already_decided',
    'human_task.expired',
    'human_task.cancelled',
    'run.ended',
  ],
  handler: ({ params, body, principal, requestId }, services) =>
    decideTask(services, { taskId: params.task, body, principal, requestId }),
});

/** Routes of human tasks. */
export const HUMAN_TASK_ROUTES = [listTasks, getTask, decide];
