import { Context } from '@temporalio/activity';
import { asActivity, beating } from '../as-activity.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { learnFromRun, type LearningDeps, type LearningMoment } from './learning/learn-from-run.ts';
import type { EmbeddingCacheStore } from '../../db/stores/embedding-cache-store.ts';
import type { MemoryActivities } from './memory-activity-types.ts';
import type { MemoryService } from './memory-service.ts';
import type { WorkingMemoryStore } from '../../db/stores/working-memory-store.ts';

/** What the activities of memory work with. */
export interface MemoryActivityDeps {
  readonly learning: LearningDeps;
  readonly memory: Pick<MemoryService, 'sweep' | 'workspacesDue'>;
  readonly workingMemory: Pick<WorkingMemoryStore, 'deleteExpired'>;
  readonly embeddings: Pick<EmbeddingCacheStore, 'prune'>;
  readonly crash?: (moment: LearningMoment) => void;
}

/** The activities of memory, for a worker to register. */
export function createMemoryActivities(deps: MemoryActivityDeps): MemoryActivities {
  const { learning, memory, workingMemory, embeddings, crash } = deps;
  return {
    learnFromRun: (ref) =>
      asActivity(() =>
        beating(() =>
          learnFromRun(learning, ref, {
            signal: Context.current().cancellationSignal,
            ...(crash === undefined ? {} : { crash }),
          }),
        ),
      ),
    workspacesDue: () => asActivity(() => memory.workspacesDue()),
    sweepMemories: ({ workspaceId }) =>
      asActivity(() =>
        beating(async () => {
          const { due, summaries, archived, deleted, more } = await memory.sweep(
            workspaceId,
            LIMITS.memoryBatch,
          );
          return { due, summaries, archived, deleted, more };
        }),
      ),
    tidyMemory: () =>
      asActivity(async () => {
        const values = await workingMemory.deleteExpired(LIMITS.memoryBatch);
        return values + (await embeddings.prune(LIMITS.memoryBatch));
      }),
  };
}
