import { acceptRun } from '../accept-run.ts';
import {
  createThreadSchema,
  listThreadsQuerySchema,
  postMessageSchema,
  threadMessageSchema,
  threadSchema,
} from '../../contracts/thread.schema.ts';
import { defined } from '../defined.ts';
import { idempotencyOf } from '../idempotency.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { refuseArchived } from '../version-resolver.ts';
import { route } from '../route.ts';
import { runSchema } from '../../contracts/run.schema.ts';
import { toPageRequest } from '../paging.ts';

const createThread = route({
  method: 'POST',
  path: '/v1/threads',
  permission: 'threads:write',
  summary: 'Open a conversation, locked to an agent version',
  body: createThreadSchema,
  answers: { 201: { description: 'the thread', schema: threadSchema } },
  problems: [
    'agent.not_found',
    'agent.version_not_found',
    'agent.label_not_found',
    'agent.archived',
  ],
  handler: async ({ body, workspaceId }, { threads, versions }) => {
    const agent = await versions.agent(workspaceId, body.agent);
    const version = await versions.choose(agent, body);
    const thread = await threads.create(workspaceId, {
      agentId: agent.id,
      versionId: version.id,
      title: body.title ?? '',
      userId: body.userId ?? null,
    });
    return { status: 201, body: thread, headers: { location: `/v1/threads/${thread.id}` } };
  },
});

const listThreads = route({
  method: 'GET',
  path: '/v1/threads',
  permission: 'threads:read',
  summary: 'List conversations, newest first',
  query: listThreadsQuerySchema,
  answers: { 200: { description: 'a page of threads', schema: pageSchema(threadSchema) } },
  problems: ['agent.not_found', 'list.bad_cursor'],
  handler: async ({ query, workspaceId }, { threads, versions }) => {
    const agentId =
      query.agent === undefined ? undefined : (await versions.agent(workspaceId, query.agent)).id;
    const page = toPageRequest(query);
    return { status: 200, body: await threads.list(workspaceId, defined({ agentId }), page) };
  },
});

const getThread = route({
  method: 'GET',
  path: '/v1/threads/{thread}',
  permission: 'threads:read',
  summary: 'Read a conversation',
  answers: { 200: { description: 'the thread', schema: threadSchema } },
  problems: ['thread.not_found'],
  handler: async ({ params, workspaceId }, { threads }) => ({
    status: 200,
    body: await threads.get(workspaceId, params.thread),
  }),
});

const listMessages = route({
  method: 'GET',
  path: '/v1/threads/{thread}/messages',
  permission: 'threads:read',
  summary: 'List the messages of a conversation, oldest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of messages', schema: pageSchema(threadMessageSchema) } },
  problems: ['thread.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { threads }) => ({
    status: 200,
    body: await threads.messages(workspaceId, params.thread, toPageRequest(query)),
  }),
});

const postMessage = route({
  method: 'POST',
  path: '/v1/threads/{thread}/messages',
  permission: 'threads:write',
  summary: "Say something: starts a run on the thread's version",
  body: postMessageSchema,
  bodyBytes: LIMITS.bodyBytes,
  headers: {
    'idempotency-key': 'the same key with the same body answers with the same run, status 200',
  },
  answers: {
    200: { description: 'the run that the idempotency key made before', schema: runSchema },
    201: { description: 'the run', schema: runSchema },
  },
  problems: [
    'thread.not_found',
    'thread.busy',
    'agent.archived',
    'run.invalid_input',
    'idempotency.key_reused',
  ],
  handler: async ({ params, body, workspaceId, principal, request }, services) => {
    const path = `/v1/threads/${params.thread}/messages`;
    const idempotency = idempotencyOf(request, { content: body.content, path });
    const thread = await services.threads.get(workspaceId, params.thread);
    const version = await services.versions.version(workspaceId, thread.versionId);
    refuseArchived(await services.agents.get(workspaceId, thread.agentId));
    return acceptRun(services, {
      principal,
      version,
      input: { message: body.content },
      said: body.content,
      thread: { kind: 'existing', threadId: thread.id },
      toPointer: (pointer) => pointer.replace(/^\/message/, '/content'),
      ...idempotency,
    });
  },
});

/** Routes of conversations. */
export const THREAD_ROUTES = [createThread, listThreads, getThread, listMessages, postMessage];
