import type { IngestionProgress } from '../../contracts/knowledge.ts';
import type { NewVector, TextToEmbed } from '../../contracts/embedding.ts';
import { runningIngestion, type IngestionDeps } from './ingestion-deps.ts';
import { chunkEmbedText } from '../memory/projection/embed-missing.ts';
import type { EmbedArgs } from './ingestion-activity-types.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';

/** Texts of one call to an embedder; each batch is kept before the next is made. */
const BATCH = 64;

/**
 * Makes the vectors that pieces of a document lack. What was made before a crash is not made again;
 * embedders whose vectors are not worth keeping have nothing to do.
 */
export async function embedDocument(
  deps: IngestionDeps,
  args: EmbedArgs,
  signal: AbortSignal,
): Promise<number> {
  const { workspaceId, ingestionId, expected } = args;
  const note = (state: IngestionProgress['state'], made: number): Promise<void> => {
    const total = Math.max(expected, made);
    const done = state === 'succeeded' ? total : made;
    const progress = { step: 'embed' as const, state, done, total };
    return deps.knowledge.ingestionStep(workspaceId, ingestionId, progress);
  };
  const embedder = deps.embedderFor(workspaceId);
  if (embedder.quality !== 'semantic') {
    await note('succeeded', expected);
    return 0;
  }
  let made = 0;
  for await (const count of embedBatches(deps, { args, embedder, signal })) {
    made += count;
    await note('running', made);
  }
  await note('succeeded', made);
  return made;
}

async function* embedBatches(
  deps: IngestionDeps,
  work: {
    readonly args: EmbedArgs;
    readonly embedder: Embedder;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<number> {
  const { args, embedder, signal } = work;
  const { workspaceId, documentId } = args;
  for (let afterId = ''; ;) {
    signal.throwIfAborted();
    await runningIngestion(deps, args);
    const scan = { embedder: embedder.ref, documentId, afterId, limit: BATCH };
    const items = await deps.knowledge.missingVectors(workspaceId, scan);
    const last = items.at(-1);
    if (last === undefined) return;
    const texts = await textsOf(deps, workspaceId, items);
    const vectors = await embedder.embed(texts, { use: 'document', signal });
    const fresh = items.flatMap(({ id, hash }, index): NewVector[] => {
      const vector = vectors[index];
      return vector === undefined ? [] : [{ id, hash, vector }];
    });
    yield await deps.knowledge.putVectors(workspaceId, embedder.ref, fresh);
    // A piece that was changed meanwhile is left to who changed it.
    afterId = last.id;
  }
}

async function textsOf(
  { knowledge }: IngestionDeps,
  workspaceId: string,
  items: readonly TextToEmbed[],
): Promise<readonly string[]> {
  const found = await knowledge.chunks(
    workspaceId,
    items.map(({ id }) => id),
  );
  const byId = new Map(found.map((chunk) => [chunk.id, chunk]));
  return items.map(({ id, text }) => chunkEmbedText(byId.get(id) ?? { headings: [], text }));
}
