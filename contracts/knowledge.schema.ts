import { z } from 'zod';
import {
  DOCUMENT_STATES,
  INGESTION_STATES,
  INGESTION_STEPS,
  type AddedDocument,
  type Chunk,
  type Ingestion,
  type IngestionProgress,
  type KnowledgeBase,
  type KnowledgeDocument,
} from './knowledge.ts';
import { isId } from './ids.ts';
import { LIMITS } from './limits.ts';
import { userIdSchema, viewerSchema } from './memory.schema.ts';
import { pageQueryShape } from './query.schema.ts';
import { timeSchema } from './json.schema.ts';

const DESCRIPTION_CHARS = 2_000;
const SOURCE_CHARS = 2_000;
const TITLE_CHARS = 500;
const MEDIA_TYPE_CHARS = 200;

const count = z.number().int();
// Agents name bases by name or id: what looks like an id is one.
const name = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.baseNameChars)
  .refine((text) => !isId('knowledgeBase', text), 'must not look like an id');
const description = z.string().max(DESCRIPTION_CHARS);
const title = z.string().min(1).max(TITLE_CHARS).optional();
const sourceName = z.string().trim().min(1).max(SOURCE_CHARS).meta({
  description:
    'where it comes from; the same again gives the document of the same owner new contents',
});
const owner = userIdSchema
  .optional()
  .meta({ description: 'the person whose it is: nobody else finds it' });
const mediaType = z
  .string()
  .max(MEDIA_TYPE_CHARS)
  .regex(/^[\w.+-]+\/[\w.+-]+(?: *; *[\w-]+=[\w."-]+)*$/, 'must be a media type')
  .optional();

/** A knowledge base in an answer. */
export const knowledgeBaseSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    name: z.string(),
    description: z.string(),
    documents: count,
    createdAt: timeSchema,
  })
  .meta({ id: 'KnowledgeBase' }) satisfies z.ZodType<KnowledgeBase>;

/** Body of `POST /v1/knowledge-bases`. */
export const createKnowledgeBaseSchema = z
  .strictObject({ name, description: description.optional() })
  .meta({ id: 'CreateKnowledgeBaseRequest' });

/** Body of `PATCH /v1/knowledge-bases/{base}`. */
export const updateKnowledgeBaseSchema = z
  .strictObject({ name: name.optional(), description: description.optional() })
  .meta({ id: 'UpdateKnowledgeBaseRequest' });

/** A document in an answer. */
export const documentSchema = z
  .object({
    id: z.string(),
    workspaceId: z.string(),
    knowledgeBaseId: z.string(),
    source: z.string(),
    title: z.string(),
    mediaType: z.string(),
    userId: z.string().nullable(),
    state: z.enum(DOCUMENT_STATES),
    error: z.string().nullable(),
    contentHash: z.string(),
    sizeBytes: count,
    revision: count,
    chunks: count,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'KnowledgeDocument' }) satisfies z.ZodType<KnowledgeDocument>;

/** A piece of a document in an answer. */
export const chunkSchema = z
  .object({
    id: z.string(),
    documentId: z.string(),
    position: count,
    text: z.string(),
    page: count.nullable(),
    start: count.meta({ description: "in characters of the document's text" }),
    end: count,
    headings: z.array(z.string()),
    hash: z.string(),
    version: count,
  })
  .meta({ id: 'Chunk' }) satisfies z.ZodType<Chunk>;

/** How far a step of an ingestion is, in an answer. */
export const ingestionProgressSchema = z
  .object({
    step: z.enum(INGESTION_STEPS),
    state: z.enum(INGESTION_STATES),
    done: count,
    total: count.nullable(),
  })
  .meta({ id: 'IngestionProgress' }) satisfies z.ZodType<IngestionProgress>;

/** One run of a document through parsing, cutting, embedding and indexing, in an answer. */
export const ingestionSchema = z
  .object({
    id: z.string(),
    documentId: z.string(),
    revision: count,
    state: z.enum(INGESTION_STATES),
    error: z.string().nullable(),
    steps: z.array(ingestionProgressSchema),
    lastEventSeq: count,
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Ingestion' }) satisfies z.ZodType<Ingestion>;

/** A document that was added, in an answer. */
export const putDocumentSchema = z
  .object({
    kind: z.enum(['created', 'changed', 'unchanged']),
    document: documentSchema,
    ingestion: ingestionSchema
      .nullable()
      .meta({ description: 'null where the contents are the same and nothing is to be done' }),
  })
  .meta({ id: 'AddedDocument' }) satisfies z.ZodType<AddedDocument>;

const common = { title, mediaType, userId: owner };

/** Body of `POST /v1/knowledge-bases/{base}/documents`. */
export const addDocumentSchema = z
  .union([
    z.strictObject({ name: sourceName, text: z.string(), ...common }),
    z.strictObject({ name: sourceName, base64: z.base64(), ...common }),
    z.strictObject({
      url: z.url({ protocol: /^https?$/, hostname: z.regexes.domain }).max(SOURCE_CHARS),
      title,
      userId: owner,
    }),
  ])
  .meta({ id: 'AddDocumentRequest' });

/** Query of `PUT /v1/knowledge-bases/{base}/documents`, whose body is the document. */
export const uploadDocumentQuerySchema = z.strictObject({ name: sourceName, title, userId: owner });

/** Query of `GET /v1/knowledge-bases/{base}/documents`. */
export const listDocumentsQuerySchema = z.strictObject({
  ...pageQueryShape,
  state: z.enum(DOCUMENT_STATES).optional(),
  userId: userIdSchema.optional().meta({ description: 'those of this person only' }),
});

/** Query of lists of what belongs to a document. */
export const documentPageQuerySchema = z.strictObject({ ...pageQueryShape, userId: viewerSchema });

/** Body of `POST /v1/knowledge-bases`. */
export type CreateKnowledgeBaseRequest = z.infer<typeof createKnowledgeBaseSchema>;
/** Body of `PATCH /v1/knowledge-bases/{base}`. */
export type UpdateKnowledgeBaseRequest = z.infer<typeof updateKnowledgeBaseSchema>;
/** Body of `POST /v1/knowledge-bases/{base}/documents`: a text, bytes, or where they are. */
export type AddDocumentRequest = z.infer<typeof addDocumentSchema>;
/** Query of `GET /v1/knowledge-bases/{base}/documents`. */
export type ListDocumentsQuery = z.infer<typeof listDocumentsQuerySchema>;
/** Query of lists of what belongs to a document. */
export type DocumentPageQuery = z.infer<typeof documentPageQuerySchema>;
