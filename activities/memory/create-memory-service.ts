import type { Memory, MemoryAuthor } from '../../contracts/memory.ts';
import { learn } from './learn.ts';
import type { MemoryFeedback } from '../../contracts/recall.ts';
import type { MemoryService } from './memory-service.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import { recall } from './recall.ts';
import { searchKnowledge } from './search-knowledge.ts';
import { sweepMemories } from './sweep.ts';
import { toPromptContext } from './for-prompt.ts';

/** By so much a verdict changes how important a memory is. */
const USEFUL = 0.1;
const NOT_USEFUL = -0.2;

/** The memory service on stores and indexes. */
export function createMemoryService(deps: MemoryServiceDeps): MemoryService {
  return {
    recall: (ws, request) => recall(deps, ws, request),
    searchKnowledge: (ws, request) => searchKnowledge(deps, ws, request),
    remember: (ws, drafts, author) => learn(deps, ws, { drafts, author }),
    forPrompt: toPromptContext,
    feedback: (ws, feedback, author) => applyFeedback(deps, ws, { feedback, author }),
    sweep: (ws, limit) => sweepMemories(deps, ws, limit),
    workspacesDue: () => deps.memories.workspacesDue(),
  };
}

async function applyFeedback(
  deps: MemoryServiceDeps,
  workspaceId: string,
  { feedback, author }: { readonly feedback: MemoryFeedback; readonly author: MemoryAuthor },
): Promise<Memory> {
  const { memoryId, verdict, note } = feedback;
  const why = note === undefined ? author.why : `${author.why}: ${note}`;
  const by = { actor: author.actor, why };
  const memory = await deps.memories.get(workspaceId, memoryId);
  switch (verdict) {
    case 'useful':
      await deps.memories.touch(workspaceId, [memoryId]);
      await rate(deps, memory, { ...by, change: USEFUL });
      break;
    case 'not_useful':
      await rate(deps, memory, { ...by, change: NOT_USEFUL });
      break;
    case 'wrong': {
      const invalidAt = (deps.now ?? (() => new Date()))().toISOString();
      await deps.memories.close(workspaceId, memoryId, { ...by, invalidAt });
    }
  }
  await deps.indexes.written(workspaceId, { subject: 'memory', ids: [memoryId] });
  return deps.memories.get(workspaceId, memoryId);
}

async function rate(
  { memories }: MemoryServiceDeps,
  { id, workspaceId, importance }: Memory,
  { change, ...author }: MemoryAuthor & { readonly change: number },
): Promise<void> {
  const rated = Math.round(Math.min(1, Math.max(0, importance + change)) * 100) / 100;
  if (rated !== importance) await memories.edit(workspaceId, id, { importance: rated, ...author });
}
