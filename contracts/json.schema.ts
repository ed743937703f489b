import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject, type JsonSchema } from './json.ts';
import type { Value } from './blob.ts';

/** Any JSON value; its content was checked when the body was read. */
export const jsonSchema = z
  .custom<Json>((value) => value !== undefined, { message: 'must be a JSON value' })
  .meta({ description: 'any JSON value' });

/** A JSON object. */
export const jsonObjectSchema = z
  .custom<JsonObject>(isJsonObject, { message: 'must be an object' })
  .meta({ type: 'object', additionalProperties: true });

/** A JSON Schema (2020-12) document. */
export const jsonSchemaSchema = z
  .custom<JsonSchema>((value) => typeof value === 'boolean' || isJsonObject(value), {
    message: 'must be a JSON Schema: an object or a boolean',
  })
  .meta({ type: ['object', 'boolean'], description: 'a JSON Schema (2020-12) document' });

/** A value as answers carry it: itself, or a reference to read from `/v1/values/{sha256}`. */
export const valueSchema = z
  .custom<Value>((value) => value !== undefined)
  .meta({
    id: 'Value',
    description:
      'A JSON value, or `{"$blob": sha256, "sizeBytes": n}` when it is large: GET /v1/values/{sha256} has it then.',
  });

/** An ISO 8601 time in UTC. */
export const timeSchema = z.string().meta({ format: 'date-time' });

/** What the JSON pointer of a problem names, its code and a sentence. */
export const problemItemSchema = z
  .object({
    pointer: z.string().meta({ description: 'JSON pointer; empty means the whole document' }),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: 'ProblemItem' });

/** A problem document (RFC 9457), `application/problem+json`. */
export const problemDocumentSchema = z
  .object({
    type: z.string().meta({ description: '`urn:holdfast:error:` and the code' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    instance: z.string().meta({ description: 'id of the request, as in `x-request-id`' }),
    problems: z.array(problemItemSchema).optional(),
    decision: z
      .object({ decisionId: z.string(), kind: z.string(), decidedAt: timeSchema })
      .optional()
      .meta({ description: 'with `human_task.already_decided`: the decision that stands' }),
  })
  .meta({ id: 'Problem' });

/** A problem document. */
export type ProblemDocument = z.infer<typeof problemDocumentSchema>;
