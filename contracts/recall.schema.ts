import { z } from 'zod';
import { idSchema, memorySchema, userIdSchema } from './memory.schema.ts';
import { chunkSchema } from './knowledge.schema.ts';
import { LIMITS } from './limits.ts';
import { MEMORY_KINDS, MEMORY_ORIGINS, MEMORY_SCOPES } from './memory.ts';
import { timeParameter } from './query.schema.ts';
import type {
  Citation,
  KnowledgeAnswer,
  MemoryAnswer,
  RecallCapability,
  RecallExplanation,
} from './recall.ts';

const NAMED = 100;

const query = z.string().min(1).max(LIMITS.recallChars);
const limit = z.number().int().min(1).max(LIMITS.recallHits).optional();
const rerank = z.enum(['auto', 'none']).optional();
const explain = z
  .boolean()
  .optional()
  .meta({ description: 'whether hits tell how they were found' });
const tokenBudget = z
  .number()
  .int()
  .min(1)
  .optional()
  .meta({ description: 'hits beyond so many tokens are left out and counted' });

const filters = z
  .strictObject({
    kinds: z.array(z.enum(MEMORY_KINDS)).max(NAMED).optional(),
    origins: z.array(z.enum(MEMORY_ORIGINS)).max(NAMED).optional(),
    since: timeParameter.optional(),
    until: timeParameter.optional(),
    validAt: timeParameter
      .nullable()
      .optional()
      .meta({ description: 'now by default; null: what was so at any time' }),
    minImportance: z.number().min(0).max(1).optional(),
    trustedOnly: z.boolean().optional(),
  })
  .meta({ description: 'narrow the search and never widen it' });

/** Body of `POST /v1/memories/search`. */
export const searchMemoriesSchema = z
  .strictObject({
    query,
    userId: userIdSchema.optional().meta({
      description: 'for whom is searched: memories of this person and shared ones are seen',
    }),
    agentId: idSchema.optional(),
    threadId: idSchema.optional(),
    scopes: z.array(z.enum(MEMORY_SCOPES)).max(MEMORY_SCOPES.length).optional(),
    filters: filters.optional(),
    limit,
    graph: z.boolean().optional().meta({ description: 'whether to look near in the graph too' }),
    rerank,
    decay: z
      .boolean()
      .optional()
      .meta({ description: 'whether what fades sinks; true by default' }),
    explain,
    use: z.boolean().optional().meta({ description: 'whether being found strengthens a memory' }),
    tokenBudget,
  })
  .meta({ id: 'SearchMemoriesRequest' });

const knowledgeSearch = {
  query,
  userId: userIdSchema.optional().meta({
    description: 'for whom is searched: documents of this person and of nobody are seen',
  }),
  documentIds: z.array(idSchema).max(NAMED).optional(),
  limit,
  rerank,
  explain,
  tokenBudget,
};

/** Body of `POST /v1/knowledge-bases/search`. */
export const searchKnowledgeSchema = z
  .strictObject({
    ...knowledgeSearch,
    knowledgeBaseIds: z
      .array(idSchema)
      .min(1)
      .max(NAMED)
      .optional()
      .meta({ description: 'all of the workspace by default' }),
  })
  .meta({ id: 'SearchKnowledgeRequest' });

/** Body of `POST /v1/knowledge-bases/{base}/search`. */
export const searchKnowledgeBaseSchema = z
  .strictObject(knowledgeSearch)
  .meta({ id: 'SearchKnowledgeBaseRequest' });

const explanationSchema = z
  .object({
    lexical: z
      .object({
        own: z.number(),
        neighbours: z.number(),
        session: z.number(),
        terms: z.record(z.string(), z.number()),
      })
      .nullable(),
    dense: z.object({ cosine: z.number() }).nullable(),
    fused: z.number().nullable(),
    retentionFactor: z.number().nullable(),
    graph: z.object({ score: z.number(), entities: z.array(z.string()) }).nullable(),
    rerank: z.object({ score: z.number(), placeBefore: z.number().int() }).nullable(),
  })
  .meta({
    id: 'RecallExplanation',
    description: 'how a score came about; null where a part was not in play',
  }) satisfies z.ZodType<RecallExplanation>;

const citationSchema = z
  .object({
    knowledgeBaseId: z.string(),
    documentId: z.string(),
    chunkId: z.string(),
    title: z.string(),
    source: z.string(),
    page: z.number().int().nullable(),
    start: z.number().int(),
    end: z.number().int(),
    headings: z.array(z.string()),
  })
  .meta({ id: 'Citation' }) satisfies z.ZodType<Citation>;

const capability = z.enum([
  'lexical',
  'dense',
  'neighbours',
  'session_prior',
  'decay',
  'graph',
  'rerank',
]) satisfies z.ZodType<RecallCapability>;

const answerShape = {
  omitted: z.number().int().meta({ description: 'left out for the token budget' }),
  missing: z.array(capability).meta({ description: 'what was asked for and could not be done' }),
  embedder: z
    .object({ id: z.string(), revision: z.string(), dim: z.number().int() })
    .nullable()
    .meta({ description: 'whose vectors were compared; null: words alone were' }),
  reranked: z.object({ by: z.string().nullable(), why: z.string() }),
};
const score = z.number();
const explanation = explanationSchema.nullable();

/** Found memories in an answer. */
export const memoryAnswerSchema = z
  .object({
    hits: z.array(z.object({ memory: memorySchema, score, explanation })),
    ...answerShape,
  })
  .meta({ id: 'MemoryAnswer' }) satisfies z.ZodType<MemoryAnswer>;

/** Found pieces of documents in an answer. */
export const knowledgeAnswerSchema = z
  .object({
    hits: z.array(z.object({ chunk: chunkSchema, citation: citationSchema, score, explanation })),
    ...answerShape,
  })
  .meta({ id: 'KnowledgeAnswer' }) satisfies z.ZodType<KnowledgeAnswer>;

/** Body of `POST /v1/memories/search`. */
export type SearchMemoriesRequest = z.infer<typeof searchMemoriesSchema>;
/** Body of `POST /v1/knowledge-bases/search`. */
export type SearchKnowledgeRequest = z.infer<typeof searchKnowledgeSchema>;
/** Body of `POST /v1/knowledge-bases/{base}/search`. */
export type SearchKnowledgeBaseRequest = z.infer<typeof searchKnowledgeBaseSchema>;
