import {
  changeMemorySchema,
  deleteMemoryQuerySchema,
  holdMemorySchema,
  memoryEventSchema,
  memoryFeedbackSchema,
  memoryHistoryQuerySchema,
  memorySchema,
  pinMemorySchema,
  updateMemorySchema,
  viewerQuerySchema,
} from '../../contracts/memory.schema.ts';
import { changeableMemory, visibleMemory } from '../memory-access.ts';
import { AppError } from '../../contracts/app-error.ts';
import { defined } from '../defined.ts';
import type { Memory } from '../../contracts/memory.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';

const ANSWERS = { 200: { description: 'the memory', schema: memorySchema } };

const updateMemory = route({
  method: 'PATCH',
  path: '/v1/memories/{memory}',
  permission: 'memories:write',
  summary: 'Change what a memory says, how important it is, or when it is so',
  query: viewerQuerySchema,
  body: updateMemorySchema,
  answers: ANSWERS,
  problems: ['memory.not_found', 'memory.invalid', 'memory.conflict'],
  handler: async ({ params, query, body, workspaceId, principal }, services) => {
    const { id } = await changeableMemory(services, { workspaceId, id: params.memory, ...query });
    const { why = '', ...edit } = body;
    const actor = principal.apiKeyId;
    const changed = { ...defined(edit), actor, why };
    return { status: 200, body: await services.memories.edit(workspaceId, id, changed) };
  },
});

const pinMemory = route({
  method: 'PUT',
  path: '/v1/memories/{memory}/pin',
  permission: 'memories:write',
  summary: 'Keep a memory from fading, or let it fade again',
  query: viewerQuerySchema,
  body: pinMemorySchema,
  answers: ANSWERS,
  problems: ['memory.not_found'],
  handler: async ({ params, query, body, workspaceId, principal }, services) => {
    const { id } = await changeableMemory(services, { workspaceId, id: params.memory, ...query });
    const { pinned, why = '' } = body;
    const marks = { pinned, actor: principal.apiKeyId, why };
    return { status: 200, body: await services.memories.mark(workspaceId, id, marks) };
  },
});

const holdMemory = route({
  method: 'PUT',
  path: '/v1/memories/{memory}/legal-hold',
  permission: 'memories:hold',
  summary: 'Keep a memory from every deletion, erasures included, or release it',
  body: holdMemorySchema,
  answers: ANSWERS,
  problems: ['memory.not_found'],
  handler: async ({ params, body, workspaceId, principal }, { memories }) => {
    const { held, why = '' } = body;
    const marks = { legalHold: held, actor: principal.apiKeyId, why };
    return { status: 200, body: await memories.mark(workspaceId, params.memory, marks) };
  },
});

const archiveMemory = route({
  method: 'POST',
  path: '/v1/memories/{memory}/archive',
  permission: 'memories:write',
  summary: 'Take a memory out of searches; it is deleted once its retention is over',
  query: viewerQuerySchema,
  body: changeMemorySchema,
  answers: ANSWERS,
  problems: ['memory.not_found', 'memory.held'],
  handler: async ({ params, query, body, workspaceId, principal }, services) => {
    const asked = { workspaceId, id: params.memory, ...query };
    const { id } = await changeableMemory(services, asked);
    const author = { actor: principal.apiKeyId, why: body.why ?? '' };
    const [archived] = await services.memories.archive(workspaceId, { ids: [id], author });
    if (archived !== undefined) return { status: 200, body: archived };
    const now = await services.memories.get(workspaceId, id);
    if (now.status === 'archived') return { status: 200, body: now };
    throw now.status === 'deleted' ? unknown(id) : kept(now);
  },
});

const restoreMemory = route({
  method: 'POST',
  path: '/v1/memories/{memory}/restore',
  permission: 'memories:write',
  summary: 'Bring an archived memory back into searches',
  query: viewerQuerySchema,
  body: changeMemorySchema,
  answers: ANSWERS,
  problems: ['memory.not_found', 'memory.conflict', 'memory.budget_exceeded'],
  handler: async ({ params, query, body, workspaceId, principal }, services) => {
    const asked = { workspaceId, id: params.memory, ...query };
    const { id } = await changeableMemory(services, asked);
    const author = { actor: principal.apiKeyId, why: body.why ?? '' };
    const [restored] = await services.memories.restore(workspaceId, [id], author);
    if (restored !== undefined) return { status: 200, body: restored };
    const now = await services.memories.get(workspaceId, id);
    if (now.status === 'active') return { status: 200, body: now };
    throw unknown(id);
  },
});

const deleteMemory = route({
  method: 'DELETE',
  path: '/v1/memories/{memory}',
  permission: 'memories:write',
  summary: 'Delete a memory; of its text nothing is left, its history says who did it',
  query: deleteMemoryQuerySchema,
  answers: { 204: { description: 'deleted, now or before' } },
  problems: ['memory.not_found', 'memory.held'],
  handler: async ({ params, query, workspaceId, principal }, services) => {
    const { userId, why = '' } = query;
    const { id } = await changeableMemory(services, { workspaceId, id: params.memory, userId });
    const author = { actor: principal.apiKeyId, why };
    const gone = await services.memories.delete(workspaceId, [id], author);
    if (gone.length > 0) return { status: 204 };
    const now = await services.memories.get(workspaceId, id);
    if (now.status === 'deleted') return { status: 204 };
    throw kept(now);
  },
});

const memoryHistory = route({
  method: 'GET',
  path: '/v1/memories/{memory}/history',
  permission: 'memories:read',
  summary: 'List what happened to a memory, who did it and why, oldest first',
  query: memoryHistoryQuerySchema,
  answers: { 200: { description: 'a page of changes', schema: pageSchema(memoryEventSchema) } },
  problems: ['memory.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.memory, userId: query.userId };
    const { id } = await visibleMemory(services, asked);
    return {
      status: 200,
      body: await services.memories.history(workspaceId, id, toPageRequest(query)),
    };
  },
});

const judgeMemory = route({
  method: 'POST',
  path: '/v1/memories/{memory}/feedback',
  permission: 'memories:write',
  summary: 'Say whether a recalled memory was of use, or is wrong',
  query: viewerQuerySchema,
  body: memoryFeedbackSchema,
  answers: ANSWERS,
  problems: ['memory.not_found'],
  handler: async ({ params, query, body, workspaceId, principal }, services) => {
    const { id: memoryId } = await changeableMemory(services, {
      workspaceId,
      id: params.memory,
      ...query,
    });
    const { verdict, note } = body;
    const feedback = { memoryId, verdict, ...defined({ note }) };
    const author = { actor: principal.apiKeyId, why: note ?? '' };
    const judged = await services.memory.feedback(workspaceId, feedback, author);
    return { status: 200, body: judged };
  },
});

/** Routes that change a memory, or tell how it changed. */
export const MEMORY_CHANGE_ROUTES = [
  updateMemory,
  pinMemory,
  holdMemory,
  archiveMemory,
  restoreMemory,
  deleteMemory,
  memoryHistory,
  judgeMemory,
];

function kept({ id, legalHold }: Memory): AppError {
  const by = legalHold ? 'on legal hold' : 'pinned';
  return new AppError('memory.held', `memory ${id} is ${by}; release it first`);
}

function unknown(id: string): AppError {
  return new AppError('memory.not_found', `no memory ${id}`);
}
