import type { Embedder } from '../../adapters/embedders/port.ts';
import type { EmbedderRef } from '../../contracts/embedding.ts';

/** Whose vectors a workspace is searched by. */
export interface Serving {
  readonly embedder: Embedder;
  /** False while some of what is remembered has no such vector: words alone find it. */
  readonly isComplete: boolean;
}

/** What choosing takes. */
export interface ServingDeps {
  /** The wanted one first, then those that serve until its set is complete. */
  readonly embedders: readonly Embedder[];
  readonly isComplete: (workspaceId: string, ref: EmbedderRef) => Promise<boolean>;
  readonly now?: () => number;
}

/** Who serves a workspace; null without embedders. */
export type ServingEmbedder = (workspaceId: string) => Promise<Serving | null>;

/** An incomplete set is looked at again after this long. */
const LOOK_AGAIN_MS = 5_000;
const REMEMBERED = 10_000;

/**
 * Chooses the first embedder whose set is complete, so that a new one takes over when all is embedded
 * anew and nothing is lost meanwhile. Once the wanted one serves a workspace it goes on serving it.
 */
export function createServingEmbedder(deps: ServingDeps): ServingEmbedder {
  const known = new Map<string, { readonly serving: Serving; readonly until: number }>();
  const now = deps.now ?? Date.now;
  return async (workspaceId) => {
    const [wanted] = deps.embedders;
    if (wanted === undefined) return null;
    const before = known.get(workspaceId);
    if (before !== undefined && now() < before.until) return before.serving;
    const serving = await choose(deps, workspaceId, wanted);
    const isFinal = serving.embedder === wanted && serving.isComplete;
    if (known.size >= REMEMBERED) known.clear();
    known.set(workspaceId, { serving, until: isFinal ? Infinity : now() + LOOK_AGAIN_MS });
    return serving;
  };
}

async function choose(
  { embedders, isComplete }: ServingDeps,
  workspaceId: string,
  wanted: Embedder,
): Promise<Serving> {
  for (const embedder of embedders) {
    // Vectors that are not kept are made with every entry.
    if (embedder.quality === 'lexical' || (await isComplete(workspaceId, embedder.ref))) {
      return { embedder, isComplete: true };
    }
  }
  return { embedder: wanted, isComplete: false };
}
