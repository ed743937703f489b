import { z } from 'zod';
import { LEARNING_STATES, type Learning } from './learning.ts';
import { timeSchema } from './json.schema.ts';

/** How far learning from a run is, in an answer. */
export const learningSchema = z
  .object({
    runId: z.string(),
    state: z.enum(LEARNING_STATES),
    outcomes: z.array(
      z.object({
        kind: z.string(),
        memoryId: z.string().nullable(),
        reason: z.string().nullable().meta({ description: 'why it was not written' }),
      }),
    ),
    reason: z.string().nullable().meta({ description: 'why it was skipped' }),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Learning' }) satisfies z.ZodType<Omit<Learning, 'drafts' | 'userId'>>;

/** How far learning from a run is, in an answer. */
export type LearningAnswer = z.infer<typeof learningSchema>;
