import type { Memory, NewMemory } from '../../contracts/memory.ts';
import { AppError } from '../../contracts/app-error.ts';
import { clusterMemories } from './cluster.ts';
import { createHash } from 'node:crypto';
import { extractiveSummary } from './extractive-summary.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { MemoryGroup } from '../../db/memory/consolidate.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import type { SweepReport } from '../../contracts/recall.ts';

/** Models take their time: what is left after this long is for the next round. */
const SUMMARISING_MS = 120_000;
/** Groups written in one transaction; a model's summaries are too dear to be lost with others. */
const TOGETHER = 50;
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
  const alike = clusters.filter(({ length }) => length > 1);
  let summaries = 0;
  let archived = await archive(deps, workspaceId, [...ended, ...alone]);
  const together = deps.summarise === null ? TOGETHER : 1;
  const endsAt = performance.now() + SUMMARISING_MS;
  let isCut = false;
  for (let at = 0; at < alike.length; at += together) {
    isCut = performance.now() > endsAt;
    if (isCut) break;
    const counts = await consolidate(deps, workspaceId, alike.slice(at, at + together));
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

/** What was used or marked meanwhile keeps its group from being replaced, but no other one. */
async function consolidate(
  deps: MemoryServiceDeps,
  workspaceId: string,
  clusters: readonly (readonly Memory[])[],
): Promise<Counts> {
  try {
    return await replace(deps, workspaceId, clusters);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'service.unavailable') throw error;
    if (clusters.length === 1) {
      if (error.code !== 'memory.conflict') deps.onFault({ what: 'summarising memories', error });
      return { summaries: 0, archived: 0 };
    }
  }
  let [summaries, archived] = [0, 0];
  for (const cluster of clusters) {
    const counts = await consolidate(deps, workspaceId, [cluster]);
    summaries += counts.summaries;
    archived += counts.archived;
  }
  return { summaries, archived };
}

async function replace(
  deps: MemoryServiceDeps,
  workspaceId: string,
  clusters: readonly (readonly Memory[])[],
): Promise<Counts> {
  const groups: MemoryGroup[] = [];
  for (const cluster of clusters) {
    const sources = cluster.map(({ id }) => id);
    groups.push({ sources, summary: await summaryOf(deps, cluster) });
  }
  const made = await deps.memories.consolidate(workspaceId, { groups, author: AUTHOR });
  const ids = made.flatMap(({ summary, archived }) => [
    summary.memory.id,
    ...archived.map(({ id }) => id),
  ]);
  await deps.indexes.written(workspaceId, { subject: 'memory', ids });
  return {
    summaries: made.filter(({ summary }) => summary.kind === 'created').length,
    archived: made.reduce((sum, { archived }) => sum + archived.length, 0),
  };
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
