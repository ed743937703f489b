import { z } from 'zod';
import { SANDBOX_LEVELS } from './sandbox.ts';
import { timeSchema } from './json.schema.ts';
import type { Workspace } from './workspace.ts';

const sandboxMinLevel = z
  .enum(SANDBOX_LEVELS)
  .meta({ description: 'no sandbox of the workspace is shut off less than this' });

/** A workspace in an answer. */
export const workspaceSchema = z
  .object({ id: z.string(), name: z.string(), sandboxMinLevel, createdAt: timeSchema })
  .meta({ id: 'Workspace' }) satisfies z.ZodType<Workspace>;

/** Body of `PATCH /v1/workspace`. */
export const updateWorkspaceSchema = z
  .strictObject({ sandboxMinLevel: sandboxMinLevel.optional() })
  .meta({ id: 'UpdateWorkspaceRequest' });

/** Body of `PATCH /v1/workspace`. */
export type UpdateWorkspaceRequest = z.infer<typeof updateWorkspaceSchema>;
