import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { pageQueryShape } from './query.schema.ts';
import { timeSchema } from './json.schema.ts';
import { userIdSchema } from './memory.schema.ts';
import type { Feedback } from './feedback.ts';

const COMMENT_CHARS = 2_000;
const STARS = 5;

const thumb = { kind: z.literal('thumb'), value: z.enum(['up', 'down']) };
const rating = { kind: z.literal('rating'), value: z.number().int().min(1).max(STARS) };
const correction = {
  kind: z.literal('correction'),
  value: z
    .string()
    .trim()
    .min(1)
    .max(LIMITS.memoryBytes / 4)
    .meta({ description: 'what the message should have said' }),
};
const said = {
  userId: userIdSchema
    .optional()
    .meta({ description: 'the person who says it, by default whom the thread serves' }),
  comment: z.string().max(COMMENT_CHARS).optional(),
};

/** Body of `POST /v1/threads/{thread}/messages/{message}/feedback`. */
export const giveFeedbackSchema = z
  .union([
    z.strictObject({ ...thumb, ...said }),
    z.strictObject({ ...rating, ...said }),
    z.strictObject({ ...correction, ...said }),
  ])
  .meta({ id: 'GiveFeedbackRequest' });

const kept = {
  id: z.string(),
  workspaceId: z.string(),
  threadId: z.string(),
  messageId: z.string(),
  runId: z.string().nullable(),
  userId: z.string().nullable(),
  comment: z.string(),
  memoryId: z.string().nullable().meta({ description: 'the preference learnt from it' }),
  actor: z.string(),
  createdAt: timeSchema,
};

/** What a person has said about a message, in an answer. */
export const feedbackSchema = z
  .union([
    z.object({ ...thumb, ...kept }),
    z.object({ ...rating, ...kept }),
    z.object({ ...correction, ...kept }),
  ])
  .meta({ id: 'Feedback' }) satisfies z.ZodType<Feedback>;

/** Query of `GET /v1/threads/{thread}/feedback`. */
export const listFeedbackQuerySchema = z.strictObject({
  ...pageQueryShape,
  userId: userIdSchema.optional().meta({ description: 'what this person has said' }),
});

/** Body of `POST /v1/threads/{thread}/messages/{message}/feedback`. */
export type GiveFeedbackRequest = z.infer<typeof giveFeedbackSchema>;
/** Query of `GET /v1/threads/{thread}/feedback`. */
export type ListFeedbackQuery = z.infer<typeof listFeedbackQuerySchema>;
