import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { RUN_STATUSES, STEP_STATUSES } from './status.ts';
import { userIdSchema } from './memory.schema.ts';
import { isErrorCode, type ErrorCode } from './errors.ts';
import { integerParameter, pageQueryShape, timeParameter } from './query.schema.ts';
import { jsonObjectSchema, jsonSchema, timeSchema, valueSchema } from './json.schema.ts';
import type { Checkpoint, Run, StepRecord } from './records.ts';
import type { StepOutcome } from './step.ts';

const REFERENCE_CHARS = 128;
const reference = z.string().min(1).max(REFERENCE_CHARS);

/** Body of `POST /v1/runs`. */
export const createRunSchema = z
  .strictObject({
    agent: reference.meta({ description: 'id or name' }),
    version: reference.optional().meta({ description: 'id or version text; else by label' }),
    label: reference.optional().meta({ description: '`latest` by default' }),
    threadId: reference.optional().meta({ description: "runs on the thread's locked version" }),
    newThread: z.boolean().optional().meta({ description: 'begins a thread with this run' }),
    userId: userIdSchema.optional().meta({
      description:
        "whom it serves: whose memories it sees; a thread's run serves the thread's user",
    }),
    input: jsonSchema
      .optional()
      .meta({ description: "fits the version's input schema; {} by default" }),
  })
  .meta({ id: 'CreateRunRequest' });

/** A failure in an answer. */
export const failureSchema = z
  .object({ code: z.custom<ErrorCode>(isErrorCode).meta({ type: 'string' }), message: z.string() })
  .meta({ id: 'Failure' });

/** What was used. */
export const usageSchema = z
  .object({
    modelCalls: z.number().int(),
    toolCalls: z.number().int(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
  })
  .meta({ id: 'Usage' });

/** A run in an answer. */
export const runSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    agentId: z.string(),
    agentName: z.string(),
    versionId: z.string(),
    version: z.string(),
    threadId: z.string().nullable(),
    userId: z.string().nullable(),
    status: z.enum(RUN_STATUSES),
    input: valueSchema,
    output: valueSchema.nullable(),
    error: failureSchema.nullable(),
    usage: usageSchema,
    openHumanTasks: z.number().int(),
    lastEventSeq: z.number().int(),
    cancelRequested: z.boolean(),
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Run' }) satisfies z.ZodType<Run>;

/** Answer of a cancellation that has not taken effect in time; it stays requested. */
export const cancelPendingSchema = z
  .object({ cancelled: z.literal(false), runId: z.string() })
  .meta({ id: 'CancelPending' });

/** A step in an answer. */
export const stepSchema = z
  .object({
    runId: z.string(),
    stepId: z.string(),
    epoch: z.number().int(),
    nodeId: z.string(),
    op: z.enum(['node', 'call']),
    visit: z.number().int(),
    key: z.string(),
    status: z.enum(STEP_STATUSES),
    attempt: z.number().int(),
    outcome: z
      .custom<StepOutcome>(() => true)
      .meta({ type: 'object' })
      .nullable(),
    result: valueSchema.nullable(),
    error: failureSchema.nullable(),
    usage: usageSchema,
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Step' }) satisfies z.ZodType<StepRecord>;

/** A checkpoint in an answer. */
export const checkpointSchema = z
  .object({
    runId: z.string(),
    seq: z.number().int(),
    stepId: z.string(),
    key: z.string(),
    epoch: z.number().int(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Checkpoint' }) satisfies z.ZodType<Checkpoint>;

/** A checkpoint with the channels' values there. */
export const checkpointStateSchema = checkpointSchema
  .extend({ state: jsonObjectSchema })
  .meta({ id: 'CheckpointState' });

/** Query of `GET /v1/runs`. */
export const listRunsQuerySchema = z.strictObject({
  ...pageQueryShape,
  agent: reference.optional().meta({ description: 'id or name' }),
  status: z.enum(RUN_STATUSES).optional(),
  threadId: reference.optional(),
  createdAfter: timeParameter.optional(),
  createdBefore: timeParameter.optional(),
});

/** Query of `GET /v1/runs/{run}/wait`. */
export const waitQuerySchema = z.strictObject({
  timeoutMs: integerParameter(0, LIMITS.waitMs).optional(),
});

/** Body of `POST /v1/runs`. */
export type CreateRunRequest = z.infer<typeof createRunSchema>;
/** Answer of a cancellation that has not taken effect in time. */
export type CancelPending = z.infer<typeof cancelPendingSchema>;
/** A checkpoint with the channels' values there. */
export type CheckpointState = z.infer<typeof checkpointStateSchema>;
/** Query of `GET /v1/runs`. */
export type ListRunsQuery = z.infer<typeof listRunsQuerySchema>;
