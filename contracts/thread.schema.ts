import { z } from 'zod';
import { jsonSchema, timeSchema } from './json.schema.ts';
import { userIdSchema } from './memory.schema.ts';
import { pageQueryShape } from './query.schema.ts';
import type { Message } from './message.ts';
import type { Thread, ThreadMessage } from './records.ts';

const REFERENCE_CHARS = 128;
const TITLE_CHARS = 200;
const reference = z.string().min(1).max(REFERENCE_CHARS);

/** Body of `POST /v1/threads`. */
export const createThreadSchema = z
  .strictObject({
    agent: reference.meta({ description: 'id or name' }),
    version: reference.optional().meta({ description: 'id or version text; else by label' }),
    label: reference.optional().meta({ description: '`latest` by default' }),
    title: z.string().max(TITLE_CHARS).optional(),
    userId: userIdSchema.optional().meta({ description: 'whom it serves' }),
  })
  .meta({ id: 'CreateThreadRequest' });

/** Body of `POST /v1/threads/{thread}/messages`: a user's message, which starts a run. */
export const postMessageSchema = z
  .strictObject({
    content: jsonSchema.meta({
      description: "text, or a JSON value; `{message: content}` is the run's input",
    }),
  })
  .meta({ id: 'PostMessageRequest' });

/** A thread in an answer. */
export const threadSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    agentId: z.string(),
    versionId: z.string(),
    userId: z.string().nullable(),
    title: z.string(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Thread' }) satisfies z.ZodType<Thread>;

const messageSchema = z
  .custom<Message>(() => true)
  .meta({
    id: 'Message',
    type: 'object',
    properties: { role: { enum: ['user', 'assistant', 'tool'] }, content: {} },
    required: ['role', 'content'],
  });

/** A message of a thread in an answer. */
export const threadMessageSchema = z
  .object({
    id: z.string(),
    threadId: z.string(),
    runId: z.string().nullable(),
    position: z.number().int(),
    message: messageSchema,
    createdAt: timeSchema,
  })
  .meta({ id: 'ThreadMessage' }) satisfies z.ZodType<ThreadMessage>;

/** Query of `GET /v1/threads`. */
export const listThreadsQuerySchema = z.strictObject({
  ...pageQueryShape,
  agent: reference.optional().meta({ description: 'id or name' }),
});

/** Body of `POST /v1/threads`. */
export type CreateThreadRequest = z.infer<typeof createThreadSchema>;
/** Body of `POST /v1/threads/{thread}/messages`. */
export type PostMessageRequest = z.infer<typeof postMessageSchema>;
/** Query of `GET /v1/threads`. */
export type ListThreadsQuery = z.infer<typeof listThreadsQuerySchema>;
