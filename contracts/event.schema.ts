import { z } from 'zod';
import { EVENT_TYPES, type RunEvent } from './event.ts';
import { LIMITS } from './limits.ts';
import { integerParameter } from './query.schema.ts';
import { jsonObjectSchema, timeSchema } from './json.schema.ts';

/** An entry of a run's journal in an answer. */
export const runEventSchema = z
  .object({
    seq: z.number().int(),
    type: z.enum(EVENT_TYPES),
    at: timeSchema,
    stepId: z.string().exactOptional(),
    data: jsonObjectSchema,
  })
  .meta({ id: 'RunEvent' }) satisfies z.ZodType<RunEvent>;

/** Query of `GET /v1/runs/{run}/events`. `after` is checked by itself: it has codes of its own. */
export const eventsQuerySchema = z.strictObject({
  after: z
    .string()
    .optional()
    .meta({ description: 'id of the last event seen, `12` or `12.3`; exclusive' }),
  limit: integerParameter(1, LIMITS.eventsPerPage).optional(),
});

/** A page of a run's journal, without the pieces of text that only streams deliver. */
export const eventPageSchema = z
  .object({
    items: z.array(runEventSchema),
    nextAfter: z.number().int().meta({ description: 'pass as `after` to go on' }),
    ended: z.boolean().meta({ description: 'the run has ended and nothing follows this page' }),
  })
  .meta({ id: 'EventPage' });
