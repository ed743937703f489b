import type { Memory, NewMemory } from '../../contracts/memory.ts';
import { AppError } from '../../contracts/app-error.ts';
import { clusterMemories } from './cluster.ts';
import { createHash } from 'node:crypto';
import { extractiveSummary } from './extractive-summary.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import type { SweepReport } from '../../contracts/recall.ts';

/** Models take their time: what is left after this long is for the next round. */
const SUMMARISING_MS = 120_000;
const AUTHOR = { actor: 'forgetting', why: 'it had faded' };

interface Counts {
  readonly summaries: number;
  readonly archived: number;
}

/** See `MemoryService.sweep`. What changes meanwhile stays as it is and is due again later. */
export async function sweepMemories(
  deps: MemoryServiceDeps,
  workspaceId: string,
  wanted: number,
): Promise<SweepReport> {
  const limit = Math.max(1, Math.min(wanted, LIMITS.memoryBatch));
  const due = await deps.memories.due(workspaceId, limit);
  // What has ended must not be said again by a summary.
  const ended = due.filter(({ invalidAt }) => invalidAt !== null);
  const clusters = clusterMemories(
    due.filter(({ invalidAt }) => invalidAt === null),
    deps.analyse,
  );
  const alone = clusters.flatMap((cluster) => (cluster.length === 1 ? cluster : []));
  let summaries = 0;
  let archived = await archive(deps, workspaceId, [...ended, ...alone]);
  const endsAt = performance.now() + SUMMARISING_MS;
  let isCut = false;
  for (const cluster of clusters) {
    if (cluster.length === 1) continue;
    isCut = performance.now() > endsAt;
    if (isCut) break;
    const counts = await consolidate(deps, workspaceId, cluster);
    summaries += counts.summaries;
    archived += counts.archived;
  }
  const deleted = await deps.memories.deleteExpired(workspaceId, limit);
  return {
    due: due.length,
    summaries,
    archived,
    deleted: deleted.length,
    left: due.length - archived,
    // Where nothing could be done, trying at once again would not end.
    more: isCut || (due.length === limit && archived > 0) || deleted.length === limit,
  };
}

async function archive(
  deps: MemoryServiceDeps,
  workspaceId: string,
  memories: readonly Memory[],
): Promise<number> {
  if (memories.length === 0) return 0;
  const ids = memories.map(({ id }) => id);
  const gone = await deps.memories.archive(workspaceId, { ids, author: AUTHOR, onlyDue: true });
  await deps.indexes.written(workspaceId, { subject: 'memory', ids });
  return gone.length;
}

async function consolidate(
  deps: MemoryServiceDeps,
  workspaceId: string,
  cluster: readonly Memory[],
): Promise<Counts> {
  const sources = cluster.map(({ id }) => id);
  try {
    const summary = await summaryOf(deps, cluster);
    const { summary: made, archived } = await deps.memories.consolidate(workspaceId, {
      sources,
      summary,
      author: AUTHOR,
    });
    const ids = [...sources, made.memory.id];
    await deps.indexes.written(workspaceId, { subject: 'memory', ids });
    return { summaries: made.kind === 'created' ? 1 : 0, archived: archived.length };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'service.unavailable') throw error;
    if (error.code !== 'memory.conflict') deps.onFault({ what: 'summarising memories', error });
    return { summaries: 0, archived: 0 };
  }
}

async function summaryOf(
  deps: MemoryServiceDeps,
  cluster: readonly Memory[],
): Promise<Omit<NewMemory, 'derivedFrom'> & { readonly key: string }> {
  const [first] = cluster;
  if (first === undefined) throw new AppError('memory.invalid', 'there is nothing to summarise');
  const { kind, scope, userId, agentId, threadId } = first;
  const text = await summaryText(deps, cluster);
  const ids = cluster.map(({ id }) => id).sort();
  const digest = createHash('sha256').update(ids.join('\n')).digest('hex');
  return {
    kind,
    scope,
    userId,
    agentId,
    threadId,
    text,
    origin: 'summary',
    importance: Math.max(...cluster.map(({ importance }) => importance)),
    validAt: cluster.map(({ validAt }) => validAt).reduce((a, b) => (a > b ? a : b)),
    key: `summary:${digest}`,
  };
}

async function summaryText(
  { summarise, analyse, onFault }: MemoryServiceDeps,
  cluster: readonly Memory[],
): Promise<string> {
  try {
    const text = await summarise?.(cluster);
    if (typeof text === 'string' && text.trim() !== '') return text;
  } catch (error) {
    onFault({ what: 'summarising memories by a model', error });
  }
  return extractiveSummary(cluster, analyse);
}
