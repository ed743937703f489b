import { z } from 'zod';
import { FILE_KINDS, type FileDiff, type FileVersion } from './file.ts';
import { integerParameter, pageQueryShape } from './query.schema.ts';
import { timeSchema } from './json.schema.ts';

const HIGHEST = 2 ** 31 - 1;
const version = integerParameter(1, HIGHEST);
// What a path may be like is told by one place, with `file.bad_path`.
const path = z.string();

/** A version of a file in an answer. */
export const fileVersionSchema = z
  .object({
    path: z.string(),
    version: z.number().int(),
    revision: z.number().int(),
    kind: z.enum(FILE_KINDS),
    deleted: z.boolean(),
    sha256: z.string().nullable(),
    sizeBytes: z.number().int(),
    mode: z.number().int().meta({ description: 'permission bits' }),
    target: z.string().nullable().meta({ description: 'where a link points' }),
    actor: z.string().meta({ description: 'who wrote it' }),
    stepId: z.string().nullable(),
    note: z.string(),
    at: timeSchema,
  })
  .meta({ id: 'FileVersion' }) satisfies z.ZodType<FileVersion>;

/** How two versions of a file differ, in an answer. */
export const fileDiffSchema = z
  .object({
    path: z.string(),
    from: z.number().int(),
    to: z.number().int(),
    kind: z.enum(['text', 'binary', 'too_large']),
    diff: z.string().meta({ description: 'unified; only of texts' }),
  })
  .meta({ id: 'FileDiff' }) satisfies z.ZodType<FileDiff>;

/** What a rollback has written, in an answer. */
export const fileRevisionSchema = z
  .object({ revision: z.number().int(), versions: z.array(fileVersionSchema) })
  .meta({ id: 'FileRevision' });

/** Query of `GET /v1/runs/{run}/files`. */
export const listFilesQuerySchema = z.strictObject({
  ...pageQueryShape,
  prefix: z.string().optional().meta({ description: 'what the paths begin with' }),
  revision: integerParameter(0, HIGHEST)
    .optional()
    .meta({ description: 'the files as they stood then; now by default' }),
});

/** Query of `GET /v1/runs/{run}/files/history`. */
export const fileHistoryQuerySchema = z.strictObject({ ...pageQueryShape, path });

/** Query of `GET /v1/runs/{run}/files/content`. */
export const readFileQuerySchema = z.strictObject({ path, version: version.optional() });

/** Query of `PUT /v1/runs/{run}/files/content`. */
export const writeFileQuerySchema = z.strictObject({
  path,
  expectedVersion: integerParameter(0, HIGHEST).optional().meta({
    description: 'refused with `file.conflict` if another version stands; 0: if any does',
  }),
  fencingToken: version.optional().meta({ description: 'of the lock that the writer holds' }),
});

/** Query of `GET /v1/runs/{run}/files/diff`. */
export const fileDiffQuerySchema = z.strictObject({ path, from: version, to: version });

/** Body of `POST /v1/runs/{run}/files:rollback`. */
export const rollbackFilesSchema = z
  .union([
    z.strictObject({ path, version: z.number().int().min(1).max(HIGHEST) }),
    z.strictObject({ revision: z.number().int().min(0).max(HIGHEST) }),
  ])
  .meta({ id: 'RollbackFilesRequest' });

/** Query of `GET /v1/runs/{run}/files`. */
export type ListFilesQuery = z.infer<typeof listFilesQuerySchema>;
/** Body of `POST /v1/runs/{run}/files:rollback`: one file to a version, or all to a revision. */
export type RollbackFilesRequest = z.infer<typeof rollbackFilesSchema>;
