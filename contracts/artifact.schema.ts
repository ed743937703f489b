import { z } from 'zod';
import type { Artifact } from './artifact.ts';
import { timeSchema } from './json.schema.ts';

/** An artifact in an answer. */
export const artifactSchema = z
  .object({
    id: z.string(),
    runId: z.string(),
    stepId: z.string().nullable(),
    name: z.string(),
    path: z.string(),
    version: z.number().int(),
    mediaType: z.string(),
    sizeBytes: z.number().int(),
    sha256: z.string(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Artifact' }) satisfies z.ZodType<Artifact>;
