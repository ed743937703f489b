import { z } from 'zod';
import { boundParameter, idSchema, userIdSchema, viewerSchema } from './memory.schema.ts';
import type { Entity, EntityFacts, GraphFact, GraphPath, Neighbourhood } from './graph.ts';
import { integerParameter, timeParameter } from './query.schema.ts';
import { LIMITS } from './limits.ts';
import { timeSchema } from './json.schema.ts';

const NAME_CHARS = 200;
const TEXT_CHARS = 4_000;
const ENTITIES_AT_ONCE = 100;
const KEY_CHARS = 128;
const FROM_CHARS = 2_000;

const name = z.string().trim().min(1).max(NAME_CHARS);
const text = z.string().max(TEXT_CHARS);
const count = z.number().int();
const nullableId = z.string().nullable();

const moment = {
  validAt: timeParameter.optional().meta({ description: 'what was so then; now by default' }),
  recordedAt: timeParameter
    .optional()
    .meta({ description: 'as it was known then; now by default' }),
  userId: viewerSchema,
};
const depth = integerParameter(1, LIMITS.graphDepth).optional();

/** An entity in an answer. */
export const entitySchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    name: z.string(),
    type: z.string(),
    summary: z.string(),
    userId: nullableId.meta({ description: 'the person that it tells of' }),
    version: count,
    createdAt: timeSchema,
  })
  .meta({ id: 'Entity' }) satisfies z.ZodType<Entity>;

/** A fact in an answer. */
export const factSchema = z
  .object({
    id: z.string(),
    version: count,
    workspaceId: z.string(),
    sourceId: z.string(),
    targetId: z.string(),
    predicate: z.string(),
    text: z.string(),
    confidence: z.number(),
    userId: nullableId,
    memoryId: nullableId,
    runId: nullableId,
    messageId: nullableId,
    validAt: timeSchema.meta({ description: 'since when it is so' }),
    invalidAt: timeSchema.nullable().meta({ description: 'since when it is not so any more' }),
    recordedAt: timeSchema.meta({ description: 'since when this is known' }),
    expiredAt: timeSchema.nullable().meta({ description: 'since when something else is known' }),
  })
  .meta({ id: 'GraphFact' }) satisfies z.ZodType<GraphFact>;

/** Entities in an answer. */
export const entitiesSchema = z.object({ items: z.array(entitySchema) });

/** Facts in an answer. */
export const factsSchema = z.object({
  items: z.array(factSchema),
  truncated: z.boolean().meta({ description: 'whether there are more than were asked for' }),
}) satisfies z.ZodType<EntityFacts>;

/** What is near, in an answer. */
export const neighbourhoodSchema = z
  .object({
    entities: z.array(entitySchema.extend({ depth: count })),
    facts: z.array(factSchema),
    truncated: z.boolean().meta({ description: 'whether a limit cut it off' }),
  })
  .meta({ id: 'Neighbourhood' }) satisfies z.ZodType<Neighbourhood>;

const pathSchema = z
  .object({ entities: z.array(entitySchema), facts: z.array(factSchema) })
  .meta({ id: 'GraphPath' }) satisfies z.ZodType<GraphPath>;

/** A shortest way in an answer; null where there is none. */
export const foundPathSchema = z.object({ path: pathSchema.nullable() });

/** Body of `POST /v1/graph/entities`. */
export const putEntitiesSchema = z
  .strictObject({
    entities: z
      .array(
        z.strictObject({
          name,
          type: name,
          summary: text.optional(),
          userId: userIdSchema.optional(),
        }),
      )
      .min(1)
      .max(ENTITIES_AT_ONCE),
  })
  .meta({ id: 'PutEntitiesRequest' });

/** Body of `POST /v1/graph/facts`. */
export const recordFactSchema = z
  .strictObject({
    sourceId: idSchema,
    targetId: idSchema,
    predicate: name,
    text,
    confidence: z.number().min(0).max(1).optional(),
    userId: userIdSchema.optional(),
    memoryId: idSchema.optional(),
    runId: idSchema.optional(),
    messageId: idSchema.optional(),
    validAt: timeParameter.optional(),
    invalidAt: timeParameter.optional(),
    key: z
      .string()
      .min(1)
      .max(KEY_CHARS)
      .optional()
      .meta({ description: 'the same again answers with the fact that stands' }),
  })
  .meta({ id: 'RecordFactRequest' });

/** Body of `POST /v1/graph/facts/{fact}/close`. */
export const closeFactSchema = z
  .strictObject({ invalidAt: timeParameter.optional().meta({ description: 'now by default' }) })
  .meta({ id: 'CloseFactRequest' });

/** Query of `GET /v1/graph/entities`. */
export const findEntitiesQuerySchema = z.strictObject({
  query: z.string().min(1).max(NAME_CHARS).meta({ description: 'words, or their beginnings' }),
  type: name.optional(),
  limit: boundParameter.optional(),
  userId: viewerSchema,
});

/** Query of `GET /v1/graph/entities/{entity}/facts`. */
export const entityFactsQuerySchema = z.strictObject({
  ...moment,
  predicate: name.optional(),
  limit: boundParameter.optional(),
});

/** Query of `GET /v1/graph/neighbourhood`. */
export const neighbourhoodQuerySchema = z.strictObject({
  ...moment,
  from: z
    .string()
    .min(1)
    .max(FROM_CHARS)
    .meta({ description: 'ids of entities, with commas between them' }),
  depth,
  limit: boundParameter.optional(),
});

/** Query of `GET /v1/graph/path`. */
export const pathQuerySchema = z.strictObject({ ...moment, from: idSchema, to: idSchema, depth });

/** Body of `POST /v1/graph/entities`. */
export type PutEntitiesRequest = z.infer<typeof putEntitiesSchema>;
/** Body of `POST /v1/graph/facts`. */
export type RecordFactRequest = z.infer<typeof recordFactSchema>;
/** Body of `POST /v1/graph/facts/{fact}/close`. */
export type CloseFactRequest = z.infer<typeof closeFactSchema>;
/** Query of `GET /v1/graph/entities`. */
export type FindEntitiesQuery = z.infer<typeof findEntitiesQuerySchema>;
/** Query of `GET /v1/graph/entities/{entity}/facts`. */
export type EntityFactsQuery = z.infer<typeof entityFactsQuerySchema>;
/** Query of `GET /v1/graph/neighbourhood`; `from` has ids with commas between them. */
export type NeighbourhoodQuery = z.infer<typeof neighbourhoodQuerySchema>;
/** Query of `GET /v1/graph/path`. */
export type PathQuery = z.infer<typeof pathQuerySchema>;
