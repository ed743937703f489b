import type { Memory, MemoryAuthor, NewMemory, Remembered } from '../../contracts/memory.ts';
import { findByKey, rememberAll } from './remember.ts';
import { AppError } from '../../contracts/app-error.ts';
import { archiveMemories } from './forget.ts';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** A summary and what it is of; its `derivedFrom` are those that it replaces. */
export interface Consolidation {
  readonly sources: readonly string[];
  /** Its key makes consolidating repeatable. */
  readonly summary: Omit<NewMemory, 'derivedFrom'> & { readonly key: string };
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
 * marked or archived meanwhile: the summary would say what it should not replace.
 */
export async function consolidate(
  trx: Kysely<Tables>,
  workspaceId: string,
  request: Consolidation & { readonly now: Date },
): Promise<Consolidated> {
  const { sources, summary, author, now } = request;
  const written = await findByKey(trx, workspaceId, summary.key);
  if (written !== null) return { summary: { kind: 'existing', memory: written }, archived: [] };
  const archived = await archiveMemories(trx, workspaceId, {
    ids: sources,
    author,
    now,
    onlyDue: true,
    ...(request.retentionMs === undefined ? {} : { retentionMs: request.retentionMs }),
  });
  if (archived.length < new Set(sources).size) {
    throw new AppError('memory.conflict', 'not all of these memories are due; read them again');
  }
  const memories = [{ ...summary, derivedFrom: sources }];
  const [remembered] = await rememberAll(trx, workspaceId, { memories, author, now });
  if (remembered === undefined) throw new AppError('memory.invalid', 'there is no summary');
  return { summary: remembered, archived };
}
