import { z } from 'zod';
import { EFFECT_CLASSES } from './effect.ts';
import { GEARS } from './plan.ts';
import { jsonSchemaSchema } from './json.schema.ts';

/** A node type in the catalogue. */
export const nodeTypeSchema = z
  .object({
    type: z.string(),
    description: z.string(),
    configSchema: jsonSchemaSchema,
    defaultGear: z.enum(GEARS),
    defaultTimeoutMs: z.number().int(),
    terminal: z.boolean(),
  })
  .meta({ id: 'NodeType' });

/** A tool in the catalogue. */
export const toolSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    parameters: jsonSchemaSchema,
    effect: z.enum(EFFECT_CLASSES),
    timeoutMs: z.number().int(),
  })
  .meta({ id: 'Tool' });

/** Answer of `GET /v1/node-types`. */
export const nodeTypesSchema = z
  .object({ items: z.array(nodeTypeSchema) })
  .meta({ id: 'NodeTypes' });
/** Answer of `GET /v1/tools`. */
export const toolsSchema = z.object({ items: z.array(toolSchema) }).meta({ id: 'Tools' });

/** Answer of `GET /v1/node-types`. */
export type NodeTypes = z.infer<typeof nodeTypesSchema>;
/** Answer of `GET /v1/tools`. */
export type Tools = z.infer<typeof toolsSchema>;
