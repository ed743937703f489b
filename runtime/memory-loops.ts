import {
  applyOutbox,
  type ProjectionTarget,
} from '../activities/memory/projection/outbox-worker.ts';
import { createEmbedBacklog } from '../activities/memory/projection/embed-backlog.ts';
import { graphTarget, indexTarget, noTarget } from '../activities/memory/projection/targets.ts';
import { LIMITS } from '../contracts/limits.ts';
import { repeat } from './repeat.ts';
import type { Logger } from './logger.ts';
import type { ProjectionStore } from '../db/stores/projection-store.ts';
import type { MemoryOptions, MemoryParts } from './memory-parts.ts';

const FOLLOW_MS = 400;
const OUTBOX_MS = 500;
const EMBED_MS = 1_000;
const PRUNE_MS = 60_000;

/** Learns what other processes change. */
export function followMemory({ log }: MemoryOptions, { indexes }: MemoryParts): AsyncDisposable {
  return repeat(FOLLOW_MS, () => indexes.follow(), warn(log, 'following changes of memory'));
}

/** Tells indexes outside of the processes of changes, and makes missing vectors. */
export function tendMemory(options: MemoryOptions, parts: MemoryParts): AsyncDisposable {
  const { projections, memories, knowledge, workspaces, log } = options;
  const stopping = new AbortController();
  const backlog = createEmbedBacklog({
    memories,
    knowledge,
    signal: stopping.signal,
    embedder: parts.embedders[0],
    embedderFor: parts.embedderFor,
    workspaces: () => workspaces.list(),
    onFault: ({ workspaceId, error }) => log.warn({ err: error, workspaceId }, 'embedding failed'),
  });
  const work = async (target: ProjectionTarget): Promise<void> => {
    const deps = {
      projections,
      target,
      onApplied: (workspaceId: string) => backlog.note(workspaceId),
      onFault: ({
        workspaceId,
        error,
      }: {
        readonly workspaceId: string;
        readonly error: unknown;
      }) =>
        log.warn(
          { err: error, workspaceId },
          `telling the ${target.name} failed; it is tried again`,
        ),
    };
    while (!stopping.signal.aborted && (await applyOutbox(deps)) > 0);
  };
  const { shared, graph, source } = parts;
  const toIndex = shared === null ? noTarget(['memory', 'chunk']) : indexTarget(shared, source);
  const toGraph = graph.isCopy ? graphTarget(graph, options.graph) : noTarget(['entity', 'fact']);
  const loops = [
    repeat(OUTBOX_MS, () => work(toIndex), warn(log, 'reading changes of memory')),
    repeat(OUTBOX_MS, () => work(toGraph), warn(log, 'reading changes of the graph')),
    repeat(EMBED_MS, () => backlog.pass(), warn(log, 'embedding')),
    repeat(PRUNE_MS, () => prune(projections), warn(log, 'forgetting applied changes')),
  ];
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()));
    },
  };
}

async function prune(projections: ProjectionStore): Promise<void> {
  const request = { olderThanMs: LIMITS.projectionKeepMs, limit: LIMITS.memoryBatch };
  while ((await projections.prune(request)) === LIMITS.memoryBatch);
}

function warn(log: Logger, what: string): (error: unknown) => void {
  return (error) => log.warn({ err: error }, `${what} failed; it is tried again`);
}
