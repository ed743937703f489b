import { z } from 'zod';
import { integerParameter, pageQueryShape, timeParameter } from './query.schema.ts';
import {
  MEMORY_CHANGES,
  MEMORY_KINDS,
  MEMORY_ORIGINS,
  MEMORY_SCOPES,
  MEMORY_STATUSES,
  type Erasure,
  type Memory,
  type MemoryEvent,
  type MemoryUsage,
  type ScopeCount,
} from './memory.ts';
import { LIMITS } from './limits.ts';
import { timeSchema } from './json.schema.ts';

const ID_CHARS = 128;
const USER_ID_CHARS = 256;
const WHY_CHARS = 500;
const DERIVED_FROM = 100;
const HIGHEST = 2 ** 31 - 1;

/** An id of something of ours in a request. */
export const idSchema = z.string().min(1).max(ID_CHARS);
/** An id that the caller gives a person. */
export const userIdSchema = z.string().min(1).max(USER_ID_CHARS);
/** For whom a request is made: what is of other persons is not there. */
export const viewerSchema = userIdSchema
  .optional()
  .meta({ description: 'the person whom the request is made for: what is of others is not there' });

const why = z.string().max(WHY_CHARS).optional().meta({ description: 'for the history' });
// What a text or a number may be is told by one place, with `memory.invalid`.
const text = z.string();
const importance = z.number().meta({ description: 'from 0 to 1' });
const count = z.number().int();
const nullableId = z.string().nullable();

/** Query of routes of one thing that may be of a person. */
export const viewerQuerySchema = z.strictObject({ userId: viewerSchema });

/** A memory in an answer. */
export const memorySchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    kind: z.enum(MEMORY_KINDS),
    text: z.string().meta({ description: 'empty once it is deleted' }),
    scope: z.enum(MEMORY_SCOPES),
    userId: nullableId.meta({ description: 'the person that it tells of, whatever its scope' }),
    agentId: nullableId,
    threadId: nullableId,
    runId: nullableId,
    stepId: nullableId,
    messageId: nullableId,
    threadPosition: count.nullable().meta({ description: 'its place in its thread' }),
    importance,
    stabilityMs: z.number().meta({ description: 'after this time without use 1/e of it is left' }),
    lastAccessAt: timeSchema,
    accessCount: count,
    touches: z.array(timeSchema).meta({ description: 'the last moments of use' }),
    forgetAt: timeSchema,
    validAt: timeSchema,
    invalidAt: timeSchema.nullable(),
    supersededBy: nullableId,
    status: z.enum(MEMORY_STATUSES),
    pinned: z.boolean(),
    legalHold: z.boolean(),
    origin: z.enum(MEMORY_ORIGINS),
    trusted: z.boolean(),
    derivedFrom: z.array(z.string()),
    version: count,
    createdAt: timeSchema,
    updatedAt: timeSchema,
    deleteAt: timeSchema.nullable(),
  })
  .meta({ id: 'Memory' }) satisfies z.ZodType<Memory>;

/** A line of a memory's history in an answer. */
export const memoryEventSchema = z
  .object({
    memoryId: z.string(),
    version: count,
    change: z.enum(MEMORY_CHANGES),
    text: z.string().nullable(),
    actor: z.string(),
    why: z.string(),
    at: timeSchema,
  })
  .meta({ id: 'MemoryEvent' }) satisfies z.ZodType<MemoryEvent>;

/** Body of `POST /v1/memories`. */
export const createMemorySchema = z
  .strictObject({
    kind: z.enum(MEMORY_KINDS),
    text,
    scope: z.enum(MEMORY_SCOPES).meta({ description: 'whom it serves; its id goes with it' }),
    userId: userIdSchema.optional(),
    agentId: idSchema.optional(),
    threadId: idSchema.optional(),
    importance: importance.optional(),
    origin: z.enum(MEMORY_ORIGINS).optional().meta({ description: '`user` by default' }),
    trusted: z.boolean().optional().meta({ description: 'never more than its origin allows' }),
    validAt: timeParameter.optional(),
    pinned: z.boolean().optional(),
    runId: idSchema.optional(),
    stepId: idSchema.optional(),
    messageId: idSchema.optional(),
    derivedFrom: z.array(idSchema).max(DERIVED_FROM).optional(),
    contradicts: z
      .array(idSchema)
      .max(DERIVED_FROM)
      .optional()
      .meta({ description: 'memories that are no more so because of it' }),
    why,
  })
  .meta({ id: 'CreateMemoryRequest' });

/** Body of `POST /v1/memories:batch`. */
export const createMemoriesSchema = z
  .strictObject({
    memories: z
      .array(createMemorySchema.omit({ why: true }))
      .min(1)
      .max(LIMITS.memoryBatch),
    why,
  })
  .meta({ id: 'CreateMemoriesRequest' });

/** What became of a memory that was to be learnt, in an answer. */
export const learnedSchema = z
  .union([
    z.object({ kind: z.enum(['created', 'existing', 'duplicate']), memory: memorySchema }),
    z.object({
      kind: z.literal('near_duplicate'),
      memory: memorySchema,
      similarity: z.number(),
    }),
    z.object({
      kind: z.literal('superseded'),
      memory: memorySchema,
      closed: z.array(memorySchema),
    }),
    z.object({ kind: z.literal('refused'), code: z.string(), reason: z.string() }),
  ])
  .meta({ id: 'Learned' });

/** Query of `GET /v1/memories`. */
export const listMemoriesQuerySchema = z.strictObject({
  ...pageQueryShape,
  kind: z.enum(MEMORY_KINDS).optional(),
  scope: z.enum(MEMORY_SCOPES).optional(),
  userId: userIdSchema.optional(),
  agentId: idSchema.optional(),
  threadId: idSchema.optional(),
  runId: idSchema.optional(),
  status: z.enum(MEMORY_STATUSES).optional().meta({ description: '`active` by default' }),
  validAt: timeParameter.optional().meta({ description: 'only what is so at this time' }),
});

/** Body of `PATCH /v1/memories/{memory}`. */
export const updateMemorySchema = z
  .strictObject({
    text: text.optional(),
    importance: importance.optional(),
    validAt: timeParameter.optional(),
    invalidAt: timeParameter
      .nullable()
      .optional()
      .meta({ description: 'since when it is not so any more; null: it is so still' }),
    expectedVersion: z.number().int().min(1).max(HIGHEST).optional().meta({
      description: 'refused with `memory.conflict` if another version stands',
    }),
    why,
  })
  .meta({ id: 'UpdateMemoryRequest' });

/** Body of routes that do one thing to a memory. */
export const changeMemorySchema = z.strictObject({ why }).meta({ id: 'ChangeMemoryRequest' });

/** Body of `PUT /v1/memories/{memory}/pin`. */
export const pinMemorySchema = z
  .strictObject({ pinned: z.boolean(), why })
  .meta({ id: 'PinMemoryRequest' });

/** Body of `PUT /v1/memories/{memory}/legal-hold`. */
export const holdMemorySchema = z
  .strictObject({ held: z.boolean(), why })
  .meta({ id: 'HoldMemoryRequest' });

/** Query of `DELETE /v1/memories/{memory}`. */
export const deleteMemoryQuerySchema = z.strictObject({ userId: viewerSchema, why });

/** Query of `GET /v1/memories/{memory}/history`. */
export const memoryHistoryQuerySchema = z.strictObject({ ...pageQueryShape, userId: viewerSchema });

/** Body of `POST /v1/memories/{memory}/feedback`. */
export const memoryFeedbackSchema = z
  .strictObject({
    verdict: z.enum(['useful', 'not_useful', 'wrong']).meta({
      description: 'strengthens it, makes it less important, or ends it',
    }),
    note: z.string().max(WHY_CHARS).optional(),
  })
  .meta({ id: 'MemoryFeedbackRequest' });

/** How much a workspace remembers, in an answer. */
export const memoryUsageSchema = z
  .object({ active: count, limit: count })
  .meta({ id: 'MemoryUsage' }) satisfies z.ZodType<MemoryUsage>;

/** Body of `PATCH /v1/memories/usage`. */
export const limitMemoriesSchema = z
  .strictObject({ limit: z.number().int().min(0).max(HIGHEST) })
  .meta({ id: 'LimitMemoriesRequest' });

/** Query of `GET /v1/memories/scopes`. */
export const listScopesQuerySchema = z.strictObject({
  ...pageQueryShape,
  scope: z.enum(MEMORY_SCOPES).optional(),
});

/** How much is remembered of one scope, in an answer. */
export const scopeCountSchema = z
  .object({
    scope: z.enum(MEMORY_SCOPES),
    id: nullableId,
    active: count,
    archived: count,
    lastAt: timeSchema,
  })
  .meta({ id: 'ScopeCount' }) satisfies z.ZodType<ScopeCount>;

/** Proof of an erasure, in an answer. */
export const erasureSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    subjectHash: z
      .string()
      .meta({ description: "SHA-256 of the workspace's id, \\n, the person's" }),
    erased: z.object({
      memories: count,
      derived: count,
      historyEntries: count,
      memoryVectors: count,
      documents: count,
      chunks: count,
      chunkVectors: count,
      ingestions: count,
      crawls: count,
      entities: count,
      graphFacts: count,
      workingValues: count,
      feedback: count,
    }),
    held: count.meta({ description: 'memories that a legal hold kept' }),
    remaining: count.meta({ description: 'rows of the person counted afterwards, 0' }),
    pendingProjections: count.meta({ description: 'what indexes have still to remove' }),
    actor: z.string(),
    at: timeSchema,
  })
  .meta({ id: 'Erasure' }) satisfies z.ZodType<Erasure>;

/** A limit in a query of a list that has no pages. */
export const boundParameter = integerParameter(1, LIMITS.pageSize);

/** Body of `POST /v1/memories`. */
export type CreateMemoryRequest = z.infer<typeof createMemorySchema>;
/** Body of `POST /v1/memories:batch`. */
export type CreateMemoriesRequest = z.infer<typeof createMemoriesSchema>;
/** Query of `GET /v1/memories`. */
export type ListMemoriesQuery = z.infer<typeof listMemoriesQuerySchema>;
/** Query of `GET /v1/memories/scopes`. */
export type ListScopesQuery = z.infer<typeof listScopesQuerySchema>;
/** Body of `PATCH /v1/memories/{memory}`. */
export type UpdateMemoryRequest = z.infer<typeof updateMemorySchema>;
/** Query of `GET /v1/memories/{memory}/history`. */
export type MemoryHistoryQuery = z.infer<typeof memoryHistoryQuerySchema>;
/** Body of `POST /v1/memories/{memory}/feedback`. */
export type MemoryFeedbackRequest = z.infer<typeof memoryFeedbackSchema>;
