import { z } from 'zod';
import { AGENT_STATUSES } from './status.ts';
import { LIMITS } from './limits.ts';
import { jsonObjectSchema, problemItemSchema, timeSchema } from './json.schema.ts';
import { pageQueryShape } from './query.schema.ts';
import type { Agent, AgentVersion } from './records.ts';
import type { AgentSpec } from './agent-spec.ts';

const DESCRIPTION_CHARS = 2_000;
const VERSION_CHARS = 64;

/** Name of an agent: letters, digits, `-`, `_`; starts with a letter. */
export const agentNameSchema = z
  .string()
  .max(LIMITS.nameChars)
  .regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/, 'starts with a letter; letters, digits, - and _ only')
  .refine((name) => !name.startsWith('agt_'), 'must not look like an agent id');

/** Name of a label. */
export const labelNameSchema = z
  .string()
  .max(LIMITS.nameChars)
  .regex(/^[a-zA-Z][a-zA-Z0-9_.-]*$/, 'starts with a letter; letters, digits, -, _ and . only');

const versionTextSchema = z
  .string()
  .max(VERSION_CHARS)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
    'must be a semantic version such as 1.2.0',
  );

/** A spec as the caller wrote it; compilation says what is wrong with it. */
const specSchema = jsonObjectSchema.meta({
  description: 'an agent spec: shorthand (model, instructions, tools) or a graph',
});

/** Body of `POST /v1/agents`. */
export const createAgentSchema = z
  .strictObject({
    name: agentNameSchema,
    description: z.string().max(DESCRIPTION_CHARS).optional(),
    spec: specSchema.optional().meta({ description: 'becomes the first version' }),
    version: versionTextSchema.optional(),
    changelog: z.string().max(DESCRIPTION_CHARS).optional(),
  })
  .meta({ id: 'CreateAgentRequest' });

/** Body of `PATCH /v1/agents/{agent}`. */
export const updateAgentSchema = z
  .strictObject({
    description: z.string().max(DESCRIPTION_CHARS).optional(),
    archived: z.boolean().optional().meta({ description: 'archived agents start no runs' }),
  })
  .meta({ id: 'UpdateAgentRequest' });

/** Body of `POST /v1/agents/{agent}/versions`. */
export const createVersionSchema = z
  .strictObject({
    spec: specSchema,
    version: versionTextSchema.optional(),
    changelog: z.string().max(DESCRIPTION_CHARS).optional(),
  })
  .meta({ id: 'CreateVersionRequest' });

/** Body of `POST /v1/agents:validate`. */
export const validateSpecSchema = z
  .strictObject({ spec: specSchema })
  .meta({ id: 'ValidateSpecRequest' });

/** Body of `PUT /v1/agents/{agent}/labels/{label}`. */
export const moveLabelSchema = z
  .strictObject({
    version: z.string().min(1).max(VERSION_CHARS).meta({ description: 'id or version text' }),
  })
  .meta({ id: 'MoveLabelRequest' });

/** An agent in an answer. */
export const agentSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    name: z.string(),
    description: z.string(),
    status: z.enum(AGENT_STATUSES),
    labels: z
      .record(z.string(), z.string())
      .meta({ description: 'label to version id; `latest` is the newest version' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Agent' }) satisfies z.ZodType<Agent>;

/** An agent version in an answer. */
export const agentVersionSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    agentId: z.string(),
    number: z.number().int(),
    version: z.string(),
    changelog: z.string(),
    spec: z
      .custom<AgentSpec>(() => true)
      .meta({ type: 'object', description: 'the spec as authored' }),
    createdAt: timeSchema,
  })
  .meta({ id: 'AgentVersion' }) satisfies z.ZodType<AgentVersion>;

/** Where a label points. */
export const labelSchema = z
  .object({ label: z.string(), versionId: z.string() })
  .meta({ id: 'Label' });

/** One move of a label; an id is null where the label did not exist before or was removed. */
export const labelChangeSchema = z
  .object({
    label: z.string(),
    fromVersionId: z.string().nullable(),
    toVersionId: z.string().nullable(),
    changedBy: z.string().nullable().meta({ description: 'id of the API key' }),
    changedAt: timeSchema,
  })
  .meta({ id: 'LabelChange' });

/** Answer of `POST /v1/agents:validate`. */
export const validationSchema = z
  .object({ valid: z.boolean(), problems: z.array(problemItemSchema) })
  .meta({ id: 'Validation' });

/** Query of `GET /v1/agents`. */
export const listAgentsQuerySchema = z.strictObject({
  ...pageQueryShape,
  status: z.enum(AGENT_STATUSES).optional(),
});

/** Body of `POST /v1/agents`, with the spec typed for callers. */
export type CreateAgentRequest = Omit<z.infer<typeof createAgentSchema>, 'spec'> & {
  readonly spec?: AgentSpec | undefined;
};
/** Body of `PATCH /v1/agents/{agent}`. */
export type UpdateAgentRequest = z.infer<typeof updateAgentSchema>;
/** Body of `POST /v1/agents/{agent}/versions`, with the spec typed for callers. */
export type CreateVersionRequest = Omit<z.infer<typeof createVersionSchema>, 'spec'> & {
  readonly spec: AgentSpec;
};
/** Body of `PUT /v1/agents/{agent}/labels/{label}`. */
export type MoveLabelRequest = z.infer<typeof moveLabelSchema>;
/** Where a label points. */
export type Label = z.infer<typeof labelSchema>;
/** One move of a label. */
export type LabelChange = z.infer<typeof labelChangeSchema>;
/** Answer of `POST /v1/agents:validate`. */
export type Validation = z.infer<typeof validationSchema>;
/** Query of `GET /v1/agents`. */
export type ListAgentsQuery = z.infer<typeof listAgentsQuerySchema>;
