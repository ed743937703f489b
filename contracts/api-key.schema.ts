import { z } from 'zod';
import { ROLES } from './status.ts';
import { timeSchema } from './json.schema.ts';

const NAME_CHARS = 100;

/** Body of `POST /v1/api-keys`. */
export const createApiKeySchema = z
  .strictObject({ name: z.string().min(1).max(NAME_CHARS), role: z.enum(ROLES) })
  .meta({ id: 'CreateApiKeyRequest' });

/** An API key in an answer; its text is told once, when it is made. */
export const apiKeySchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    prefix: z.string().meta({ description: 'first characters, to tell keys apart' }),
    createdAt: timeSchema,
    revokedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });

/** Answer of `POST /v1/api-keys`. */
export const createdApiKeySchema = apiKeySchema
  .extend({ key: z.string().meta({ description: 'the text to send; shown only now' }) })
  .meta({ id: 'CreatedApiKey' });

/** Answer of `GET /v1/me`. */
export const meSchema = z
  .object({
    apiKeyId: z.string(),
    workspaceId: z.string(),
    role: z.enum(ROLES),
    permissions: z.array(z.string()),
  })
  .meta({ id: 'Me' });

/** Body of `POST /v1/api-keys`. */
export type CreateApiKeyRequest = z.infer<typeof createApiKeySchema>;
/** An API key without its text. */
export type ApiKey = z.infer<typeof apiKeySchema>;
/** An API key with its text. */
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;
/** Who a key stands for. */
export type Me = z.infer<typeof meSchema>;
