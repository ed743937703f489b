import { z } from 'zod';
import { jsonSchema, timeSchema } from './json.schema.ts';
import type { WorkingMemory, WorkingValue } from './working-memory.ts';
import { userIdSchema } from './memory.schema.ts';

/** A value of a working memory in an answer. */
export const workingValueSchema = z
  .object({
    key: z.string(),
    value: jsonSchema,
    sizeBytes: z.number().int(),
    updatedAt: timeSchema,
    expiresAt: timeSchema.meta({ description: 'each use moves it on' }),
  })
  .meta({ id: 'WorkingValue' }) satisfies z.ZodType<WorkingValue>;

/** All that a run or a thread has in mind, in an answer. */
export const workingMemorySchema = z
  .object({
    items: z.array(workingValueSchema),
    sizeBytes: z.number().int(),
    limitBytes: z.number().int(),
  })
  .meta({ id: 'WorkingMemory' }) satisfies z.ZodType<WorkingMemory>;

/** Body of `PUT /v1/…/working-memory/{key}`. */
export const setWorkingValueSchema = z
  .strictObject({
    value: jsonSchema,
    userId: userIdSchema.optional().meta({
      description: 'the person that it tells of, by default whom the run or thread serves',
    }),
  })
  .meta({ id: 'SetWorkingValueRequest' });

/** Body of `PUT /v1/…/working-memory/{key}`. */
export type SetWorkingValueRequest = z.infer<typeof setWorkingValueSchema>;
