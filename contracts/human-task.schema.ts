import { z } from 'zod';
import { DECISION_KINDS, HUMAN_TASK_KINDS, type HumanTask } from './human-task.ts';
import { HUMAN_TASK_STATUSES } from './status.ts';
import { jsonSchema, jsonSchemaSchema, timeSchema, valueSchema } from './json.schema.ts';
import { pageQueryShape } from './query.schema.ts';

const ID_CHARS = 128;
const REASON_CHARS = 4_000;

/** Body of `POST /v1/human-tasks/{task}/decision`. */
export const decideSchema = z
  .strictObject({
    decisionId: z
      .string()
      .regex(/^[A-Za-z0-9._:-]+$/, 'letters, digits, ., _, : and - only')
      .max(ID_CHARS)
      .optional()
      .meta({ description: 'makes repeats safe; one is made when it is absent' }),
    kind: z.enum(DECISION_KINDS),
    value: jsonSchema
      .optional()
      .meta({ description: "with `edit` and `answer`; fits the task's form" }),
    reason: z.string().max(REASON_CHARS).optional(),
  })
  .meta({ id: 'DecideRequest' });

const decisionSchema = z
  .object({
    decisionId: z.string(),
    kind: z.enum(DECISION_KINDS),
    value: valueSchema.exactOptional(),
    reason: z.string().exactOptional(),
    decidedBy: z.string(),
    decidedAt: timeSchema,
  })
  .meta({ id: 'Decision' });

/** A human task in an answer. */
export const humanTaskSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    runId: z.string(),
    stepId: z.string(),
    kind: z.enum(HUMAN_TASK_KINDS),
    status: z.enum(HUMAN_TASK_STATUSES),
    title: z.string(),
    description: z.string(),
    subject: valueSchema,
    form: jsonSchemaSchema,
    allowed: z.array(z.enum(DECISION_KINDS)),
    assignees: z.array(z.string()),
    deadlineAt: timeSchema.nullable(),
    decision: decisionSchema.nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'HumanTask' }) satisfies z.ZodType<HumanTask>;

/** Query of `GET /v1/human-tasks`. */
export const listHumanTasksQuerySchema = z.strictObject({
  ...pageQueryShape,
  status: z.enum(HUMAN_TASK_STATUSES).optional(),
  runId: z.string().min(1).max(ID_CHARS).optional(),
  agent: z.string().min(1).max(ID_CHARS).optional().meta({ description: 'id or name' }),
  kind: z.enum(HUMAN_TASK_KINDS).optional(),
  assignee: z.string().min(1).max(ID_CHARS).optional(),
});

/** Body of `POST /v1/human-tasks/{task}/decision`. */
export type DecideRequest = z.infer<typeof decideSchema>;
/** Query of `GET /v1/human-tasks`. */
export type ListHumanTasksQuery = z.infer<typeof listHumanTasksQuerySchema>;
