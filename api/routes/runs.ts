import { AppError } from '../../contracts/app-error.ts';
import { acceptRun } from '../accept-run.ts';
import { createRunSchema, listRunsQuerySchema, runSchema } from '../../contracts/run.schema.ts';
import { defined } from '../defined.ts';
import { idempotencyOf } from '../idempotency.ts';
import { invalidRequest } from '../parse.ts';
import { isJsonObject, type Json } from '../../contracts/json.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { refuseArchived } from '../version-resolver.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import type { Agent, CompiledVersion } from '../../contracts/records.ts';
import type { CreateRun } from '../../db/stores/run-store.ts';
import type { CreateRunRequest } from '../../contracts/run.schema.ts';
import type { Services } from '../services.ts';

const createRun = route({
  method: 'POST',
  path: '/v1/runs',
  permission: 'runs:write',
  summary: 'Accept a run: it is stored when the answer comes, and will end exactly once',
  body: createRunSchema,
  bodyBytes: LIMITS.bodyBytes,
  headers: {
    'idempotency-key': 'the same key with the same body answers with the same run, status 200',
  },
  answers: {
    200: { description: 'the run that the idempotency key made before', schema: runSchema },
    201: { description: 'the run', schema: runSchema },
  },
  problems: [
    'agent.not_found',
    'agent.version_not_found',
    'agent.label_not_found',
    'agent.archived',
    'thread.not_found',
    'thread.busy',
    'thread.locked',
    'thread.other_user',
    'run.invalid_input',
    'idempotency.key_reused',
  ],
  handler: async ({ body, workspaceId, principal, request }, services) => {
    refuseContradictions(body);
    // The body as parsed is what was sent: nothing is added to it.
    const idempotency = idempotencyOf(request, { ...defined(body), path: '/v1/runs' });
    const agent = await services.versions.agent(workspaceId, body.agent);
    const version = await versionFor(services, agent, body);
    const input = body.input ?? {};
    const thread = threadOf(body);
    return acceptRun(services, {
      principal,
      version,
      input,
      thread,
      ...defined({ userId: body.userId }),
      said: thread === null ? undefined : saidIn(input),
      toPointer: (pointer) => `/input${pointer}`,
      ...idempotency,
    });
  },
});

const listRuns = route({
  method: 'GET',
  path: '/v1/runs',
  permission: 'runs:read',
  summary: 'List runs, newest first',
  query: listRunsQuerySchema,
  answers: { 200: { description: 'a page of runs', schema: pageSchema(runSchema) } },
  problems: ['agent.not_found', 'list.bad_cursor'],
  handler: async ({ query, workspaceId }, { runs, versions }) => {
    const { status, threadId, createdAfter, createdBefore } = query;
    const agentId =
      query.agent === undefined ? undefined : (await versions.agent(workspaceId, query.agent)).id;
    const filter = defined({ agentId, status, threadId, createdAfter, createdBefore });
    return { status: 200, body: await runs.list(workspaceId, filter, toPageRequest(query)) };
  },
});

const getRun = route({
  method: 'GET',
  path: '/v1/runs/{run}',
  permission: 'runs:read',
  summary: 'Read a run',
  answers: { 200: { description: 'the run', schema: runSchema } },
  problems: ['run.not_found'],
  handler: async ({ params, workspaceId }, { runs }) => ({
    status: 200,
    body: await runs.get(workspaceId, params.run),
  }),
});

/** Routes of runs as such. */
export const RUN_ROUTES = [createRun, listRuns, getRun];

function refuseContradictions(body: CreateRunRequest): void {
  const pairs = [
    ['version', 'label'],
    ['threadId', 'newThread'],
    ['threadId', 'label'],
  ] as const;
  for (const [first, second] of pairs) {
    if (body[first] === undefined || body[second] === undefined) continue;
    const message = `cannot be given together with ${first}`;
    throw invalidRequest([{ pointer: `/${second}`, code: 'request.invalid_value', message }]);
  }
}

/** The version asked for; a thread's is fixed, and asking for another one is refused. */
async function versionFor(
  services: Services,
  agent: Agent,
  body: CreateRunRequest,
): Promise<CompiledVersion> {
  const { workspaceId } = agent;
  if (body.threadId === undefined) return services.versions.choose(agent, body);
  refuseArchived(agent);
  const thread = await services.threads.get(workspaceId, body.threadId);
  const version = await services.versions.version(workspaceId, thread.versionId);
  const asked =
    body.version === undefined
      ? version
      : await services.agents.getVersion(workspaceId, agent.id, body.version);
  if (thread.agentId === agent.id && asked.id === version.id) return version;
  throw new AppError(
    'thread.locked',
    `thread ${thread.id} is locked to ${version.agentName} ${version.version}`,
  );
}

function threadOf(body: CreateRunRequest): CreateRun['thread'] {
  if (body.threadId !== undefined) return { kind: 'existing', threadId: body.threadId };
  if (body.newThread !== true) return null;
  return { kind: 'new', threadId: newId('thread'), title: '' };
}

/** What counts as the user's message in a conversation: the input's text if it has one, else all. */
function saidIn(input: Json): Json {
  const message = isJsonObject(input) ? input['message'] : undefined;
  return typeof message === 'string' ? message : input;
}
