import type { Memory, MemoryAuthor, NewMemory, Remembered } from '../../contracts/memory.ts';
import { findByKeys, rememberAll } from './remember.ts';
import { AppError } from '../../contracts/app-error.ts';
import { archiveMemories } from './forget.ts';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** A summary and what it is of; its `derivedFrom` are those that it replaces. */
export interface MemoryGroup {
  readonly sources: readonly string[];
  /** Its key makes consolidating repeatable. */
  readonly summary: Omit<NewMemory, 'derivedFrom'> & { readonly key: string };
}

/** Groups that are replaced together, `LIMITS.memoryBatch` sources at most. */
export interface Consolidation {
  readonly groups: readonly MemoryGroup[];
  readonly author: MemoryAuthor;
  readonly retentionMs?: number;
}

/** The summary and the memories that it replaced. */
export interface Consolidated {
  readonly summary: Remembered;
  readonly archived: readonly Memory[];
}

/**
 * See `MemoryStore.consolidate`. Throws `memory.conflict` and writes nothing when a source was used,
 * marked or archived meanwhile: its summary would say what it should not replace.
 */
export async function consolidate(
  trx: Kysely<Tables>,
  workspaceId: string,
  request: Consolidation & { readonly now: Date },
): Promise<readonly Consolidated[]> {
  const { groups, author, now } = request;
  const written = await findByKeys(
    trx,
    workspaceId,
    groups.map(({ summary }) => summary.key),
  );
  const fresh = groups.filter(({ summary }) => !written.has(summary.key));
  const archived = await archiveSources(trx, workspaceId, { ...request, groups: fresh });
  const memories = fresh.map(({ summary, sources }) => ({ ...summary, derivedFrom: sources }));
  const remembered = await rememberAll(trx, workspaceId, { memories, author, now });
  const summaries = new Map(fresh.map(({ summary }, index) => [summary.key, remembered[index]]));
  return groups.map(({ sources, summary }) => {
    const before = written.get(summary.key);
    if (before !== undefined)
      return { summary: { kind: 'existing', memory: before }, archived: [] };
    const made = summaries.get(summary.key);
    if (made === undefined) throw new AppError('memory.invalid', 'there is no summary');
    return { summary: made, archived: sources.flatMap((id) => archived.get(id) ?? []) };
  });
}

async function archiveSources(
  trx: Kysely<Tables>,
  workspaceId: string,
  { groups, author, now, retentionMs }: Consolidation & { readonly now: Date },
): Promise<ReadonlyMap<string, Memory>> {
  const ids = [...new Set(groups.flatMap(({ sources }) => sources))];
  const archived = await archiveMemories(trx, workspaceId, {
    ids,
    author,
    now,
    onlyDue: true,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  });
  if (archived.length < ids.length) {
    throw new AppError('memory.conflict', 'not all of these memories are due; read them again');
  }
  return new Map(archived.map((memory) => [memory.id, memory]));
}
