import type { Embedder } from '../../../adapters/embedders/port.ts';
import { embedMissing, type EmbedMissingDeps } from './embed-missing.ts';

/** What the backlog works with. */
export interface EmbedBacklogDeps extends EmbedMissingDeps {
  /** Whose set is to be completed; one that keeps no vectors has nothing to be done for. */
  readonly embedder: Embedder;
  readonly embedderFor: (workspaceId: string, embedder: Embedder) => Embedder;
  readonly workspaces: () => Promise<readonly { readonly id: string }[]>;
  readonly onFault: (fault: { readonly workspaceId: string; readonly error: unknown }) => void;
  readonly now?: () => number;
}

/** Workspaces whose texts lack vectors. */
export interface EmbedBacklog {
  /** Something has changed in a workspace. */
  note(workspaceId: string): void;
  /** Embeds for those that were noted, and from time to time for all; answers with how many vectors. */
  pass(): Promise<number>;
}

/** What other processes have left undone is found by looking at all workspaces. */
const LOOK_EVERYWHERE_MS = 10 * 60_000;

/** A backlog of this process; a crash loses it, and the next look everywhere finds it again. */
export function createEmbedBacklog(deps: EmbedBacklogDeps): EmbedBacklog {
  const noted = new Set<string>();
  const now = deps.now ?? Date.now;
  let lookAt = 0;

  async function embedOne(workspaceId: string): Promise<number> {
    noted.delete(workspaceId);
    try {
      return await embedMissing(deps, workspaceId, deps.embedderFor(workspaceId, deps.embedder));
    } catch (error) {
      if (deps.signal?.aborted === true) return 0;
      noted.add(workspaceId);
      deps.onFault({ workspaceId, error });
      return 0;
    }
  }

  return {
    note: (workspaceId) => void noted.add(workspaceId),
    pass: async () => {
      if (deps.embedder.quality !== 'semantic') {
        noted.clear();
        return 0;
      }
      if (now() >= lookAt) {
        for (const { id } of await deps.workspaces()) noted.add(id);
        lookAt = now() + LOOK_EVERYWHERE_MS;
      }
      let made = 0;
      for (const workspaceId of [...noted]) {
        if (deps.signal?.aborted === true) break;
        made += await embedOne(workspaceId);
      }
      return made;
    },
  };
}
