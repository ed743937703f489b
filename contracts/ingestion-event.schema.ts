import { z } from 'zod';
import { eventsQuerySchema } from './event.schema.ts';
import type { IngestionEvent } from './ingestion-event.ts';
import { ingestionProgressSchema } from './knowledge.schema.ts';
import { timeSchema } from './json.schema.ts';
import { viewerSchema } from './memory.schema.ts';

const place = { seq: z.number().int(), at: timeSchema };
const nothing = z.strictObject({});

/** An event of an ingestion in an answer. */
export const ingestionEventSchema = z
  .discriminatedUnion('type', [
    z.object({
      ...place,
      type: z.literal('ingestion.started'),
      data: z.object({ documentId: z.string(), revision: z.number().int() }),
    }),
    z.object({ ...place, type: z.literal('ingestion.step'), data: ingestionProgressSchema }),
    z.object({ ...place, type: z.literal('ingestion.succeeded'), data: nothing }),
    z.object({
      ...place,
      type: z.literal('ingestion.failed'),
      data: z.object({ error: z.string() }),
    }),
    z.object({ ...place, type: z.literal('ingestion.cancelled'), data: nothing }),
  ])
  .meta({ id: 'IngestionEvent' }) satisfies z.ZodType<IngestionEvent>;

/** Query of `GET /v1/ingestions/{ingestion}/events`. */
export const ingestionEventsQuerySchema = eventsQuerySchema.extend({
  after: z
    .string()
    .optional()
    .meta({ description: 'id of the last event seen, such as `12`; exclusive' }),
  userId: viewerSchema,
});

/** A page of an ingestion's events. */
export const ingestionEventPageSchema = z
  .object({
    items: z.array(ingestionEventSchema),
    nextAfter: z.number().int().meta({ description: 'pass as `after` to go on' }),
    ended: z
      .boolean()
      .meta({ description: 'the ingestion has ended and nothing follows this page' }),
  })
  .meta({ id: 'IngestionEventPage' });
