import {
  setWorkingValueSchema,
  workingMemorySchema,
  workingValueSchema,
} from '../../contracts/working-memory.schema.ts';
import { AppError } from '../../contracts/app-error.ts';
import { defined } from '../defined.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { parseWith } from '../parse.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import type { WorkingMemoryOwner } from '../../contracts/working-memory.ts';
import { z } from 'zod';

const KEY_CHARS = 200;
const keySchema = z.string().min(1).max(KEY_CHARS);

/** An owner, and the person that it serves. */
interface FoundOwner {
  readonly owner: WorkingMemoryOwner;
  readonly userId: string | null;
}

/** Whose working memory a group of routes is about. */
interface OwnerKind {
  readonly name: string;
  readonly base: '/v1/runs/{owner}' | '/v1/threads/{owner}';
  readonly unknown: 'run.not_found' | 'thread.not_found';
  /** Throws when the workspace has none of that id. */
  readonly find: (services: Services, workspaceId: string, id: string) => Promise<FoundOwner>;
}

const OF_RUN: OwnerKind = {
  name: 'run',
  base: '/v1/runs/{owner}',
  unknown: 'run.not_found',
  find: async ({ runs }, workspaceId, id) => {
    const run = await runs.get(workspaceId, id);
    return { owner: { runId: run.id }, userId: run.userId };
  },
};

const OF_THREAD: OwnerKind = {
  name: 'thread',
  base: '/v1/threads/{owner}',
  unknown: 'thread.not_found',
  find: async ({ threads }, workspaceId, id) => {
    const thread = await threads.get(workspaceId, id);
    return { owner: { threadId: thread.id }, userId: thread.userId };
  },
};

function readRoutes({ name, base, unknown, find }: OwnerKind): readonly Route[] {
  const list = route({
    method: 'GET',
    path: `${base}/working-memory`,
    permission: 'memories:read',
    summary: `List what a ${name} has in mind; looking is no use`,
    answers: { 200: { description: 'the working memory', schema: workingMemorySchema } },
    problems: [unknown],
    handler: async ({ params, workspaceId }, services) => {
      const { owner } = await find(services, workspaceId, params.owner);
      return { status: 200, body: await services.workingMemory.list(workspaceId, owner) };
    },
  });
  const get = route({
    method: 'GET',
    path: `${base}/working-memory/{key}`,
    permission: 'memories:read',
    summary: `Read one thing that a ${name} has in mind; counts as a use`,
    answers: { 200: { description: 'the value', schema: workingValueSchema } },
    problems: [unknown, 'working_memory.not_found'],
    handler: async ({ params, workspaceId }, services) => {
      const { owner } = await find(services, workspaceId, params.owner);
      const value = await services.workingMemory.get(workspaceId, owner, params.key);
      return { status: 200, body: value };
    },
  });
  return [list, get];
}

function writeRoutes({ name, base, unknown, find }: OwnerKind): readonly Route[] {
  const set = route({
    method: 'PUT',
    path: `${base}/working-memory/{key}`,
    permission: 'memories:write',
    summary: `Give a ${name} something to have in mind`,
    body: setWorkingValueSchema,
    bodyBytes: 2 * LIMITS.workingMemoryBytes,
    answers: { 200: { description: 'the value', schema: workingValueSchema } },
    problems: [unknown, 'working_memory.full'],
    handler: async ({ params, body, workspaceId }, services) => {
      const key = parseWith(keySchema, params.key, '/path/key');
      const { owner, userId: served } = await find(services, workspaceId, params.owner);
      const { value, userId = served ?? undefined } = body;
      const kept = { key, value, ...defined({ userId }) };
      return { status: 200, body: await services.workingMemory.set(workspaceId, owner, kept) };
    },
  });
  const remove = route({
    method: 'DELETE',
    path: `${base}/working-memory/{key}`,
    permission: 'memories:write',
    summary: `Take something out of the mind of a ${name}`,
    answers: { 204: { description: 'removed' } },
    problems: [unknown, 'working_memory.not_found'],
    handler: async ({ params, workspaceId }, services) => {
      const { owner } = await find(services, workspaceId, params.owner);
      const removed = await services.workingMemory.delete(workspaceId, owner, params.key);
      if (removed) return { status: 204 };
      throw new AppError('working_memory.not_found', `nothing at ${params.key}`);
    },
  });
  return [set, remove];
}

/** Routes of what runs and threads have in mind. */
export const WORKING_MEMORY_ROUTES = [OF_RUN, OF_THREAD].flatMap((kind) => [
  ...readRoutes(kind),
  ...writeRoutes(kind),
]);
