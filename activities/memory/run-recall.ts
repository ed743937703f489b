import type { CompiledVersion } from '../../contracts/records.ts';
import type { FoundForPrompt, MemoryService } from './memory-service.ts';
import type { KnowledgePolicy, MemoryPolicy } from '../../contracts/memory-policy.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { NO_MEMORY } from '../../contracts/memory-policy.ts';
import type { PromptContext, RecallOwner } from '../../contracts/recall.ts';
import type { RunFacts } from '../../contracts/journal.ts';
import { findBases } from './find-bases.ts';

/** What a run's agent is to be shown. */
export interface RunLook {
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly text: string;
  /** Whether it counts as a use of what is found. */
  readonly use: boolean;
}

/** Finds what the author of an agent wants shown before each answer; null if that is nothing. */
export type RunRecall = (look: RunLook) => Promise<PromptContext | null>;

/** What recalling for runs needs. */
export interface RunRecallDeps {
  readonly memory: Pick<MemoryService, 'recall' | 'searchKnowledge' | 'forPrompt'>;
  readonly knowledge: Pick<KnowledgeStore, 'listBases'>;
}

/** Recall for runs by the policies of their versions. */
export function createRunRecall(deps: RunRecallDeps): RunRecall {
  return async (look) => {
    const { memory = NO_MEMORY, knowledge } = look.version.graph;
    const rag = knowledge?.rag ?? null;
    if (memory.recall === null && rag === null) return null;
    const found: FoundForPrompt = {
      ...(memory.recall === null ? {} : { memories: await recalled(deps, look, memory.recall) }),
      ...(knowledge === undefined || rag === null
        ? {}
        : { knowledge: await read(deps, look, { bases: knowledge.bases, rag }) }),
    };
    const tokens = (memory.recall?.tokens ?? 0) + (rag?.tokens ?? 0);
    const context = deps.memory.forPrompt(found, tokens);
    return context.text === '' ? null : context;
  };
}

function recalled(
  { memory }: RunRecallDeps,
  look: RunLook,
  policy: NonNullable<MemoryPolicy['recall']>,
) {
  const { kinds, scopes, limit, tokens, graph } = policy;
  return memory.recall(look.run.workspaceId, {
    text: look.text.slice(0, LIMITS.recallChars),
    owner: ownerOf(look),
    ...(scopes === undefined ? {} : { scopes }),
    ...(kinds === undefined ? {} : { filters: { kinds } }),
    limit,
    graph,
    use: look.use,
    tokenBudget: tokens,
  });
}

async function read(
  { memory, knowledge }: RunRecallDeps,
  look: RunLook,
  {
    bases,
    rag,
  }: Pick<KnowledgePolicy, 'bases'> & { readonly rag: { limit: number; tokens: number } },
) {
  const { workspaceId, userId } = look.run;
  return memory.searchKnowledge(workspaceId, {
    text: look.text.slice(0, LIMITS.recallChars),
    owner: { userId },
    knowledgeBaseIds: await findBases(knowledge, workspaceId, bases),
    limit: rag.limit,
    tokenBudget: rag.tokens,
  });
}

function ownerOf({ run, version }: RunLook): RecallOwner {
  return { userId: run.userId, agentId: version.agentId, threadId: run.threadId };
}
