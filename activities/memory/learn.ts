import type { Learned, MemoryDraft } from '../../contracts/recall.ts';
import type { Memory, MemoryAuthor, NewMemory } from '../../contracts/memory.ts';
import { draftVectors, lookUp, ownerOf, type Known } from './known-alike.ts';
import { AppError } from '../../contracts/app-error.ts';
import { audienceOf } from './index-entry.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { MemoryServiceDeps } from './service-deps.ts';

interface Writing {
  readonly deps: MemoryServiceDeps;
  readonly workspaceId: string;
  readonly author: MemoryAuthor;
}

/** See `MemoryService.remember`. One after the other, so that each is compared with those before it. */
export async function learn(
  deps: MemoryServiceDeps,
  workspaceId: string,
  { drafts, author }: { readonly drafts: readonly MemoryDraft[]; readonly author: MemoryAuthor },
): Promise<readonly Learned[]> {
  if (drafts.length > LIMITS.memoryBatch) {
    throw new AppError('memory.invalid', `more than ${LIMITS.memoryBatch} memories at once`);
  }
  const vectors = await draftVectors(deps, workspaceId, drafts);
  const answers: Learned[] = [];
  for (const [index, draft] of drafts.entries()) {
    const writing = { deps, workspaceId, author };
    answers.push(await learnOne(writing, draft, vectors[index] ?? null));
  }
  return answers;
}

async function learnOne(
  writing: Writing,
  draft: MemoryDraft,
  vector: Parameters<typeof lookUp>[2]['vector'],
): Promise<Learned> {
  const { contradicts, ...memory } = draft;
  try {
    if (memory.text.trim() === '') throw new AppError('memory.invalid', 'a memory needs a text');
    const { deps, workspaceId } = writing;
    const known: Known =
      contradicts === undefined || contradicts.length === 0
        ? await lookUp(deps, workspaceId, { draft: memory, vector })
        : { kind: 'contradicts', memories: await ofSameOwner(writing, memory, contradicts) };
    switch (known.kind) {
      case 'same':
        return { kind: 'near_duplicate', memory: known.memory, similarity: known.similarity };
      case 'contradicts':
        return await supersede(writing, memory, known.memories);
      case 'new':
        return await write(writing, memory);
    }
  } catch (error) {
    // A fault that passes is the caller's to try again; what is wrong with one draft is its own.
    if (!(error instanceof AppError) || error.code === 'service.unavailable') throw error;
    return { kind: 'refused', code: error.code, reason: error.message };
  }
}

async function write(
  { deps, workspaceId, author }: Writing,
  memory: NewMemory,
): Promise<Extract<Learned, { readonly kind: 'created' | 'existing' | 'duplicate' }>> {
  const [remembered] = await deps.memories.remember(workspaceId, [memory], author);
  if (remembered === undefined) throw new AppError('memory.invalid', 'nothing was written');
  await show(deps, workspaceId, [remembered.memory.id]);
  return remembered;
}

/** The first is closed together with the writing; a retry finds the new one by its key. */
async function supersede(
  writing: Writing,
  memory: NewMemory,
  contradicted: readonly Memory[],
): Promise<Learned> {
  const { deps, workspaceId, author } = writing;
  const [first, ...others] = contradicted;
  if (first === undefined) return write(writing, memory);
  const answer = await deps.memories.supersede(workspaceId, { id: first.id, by: memory }, author);
  const made = answer.kind === 'superseded' ? answer.memory : (await write(writing, memory)).memory;
  const closed = answer.kind === 'superseded' ? [first] : [];
  for (const other of others) {
    const invalidAt = made.validAt;
    const why = `${author.why}; contradicted by ${made.id}`;
    if (await deps.memories.close(workspaceId, other.id, { ...author, why, invalidAt })) {
      closed.push(other);
    }
  }
  await show(deps, workspaceId, [made.id, ...contradicted.map(({ id }) => id)]);
  const ids = closed.map(({ id }) => id);
  return {
    kind: 'superseded',
    memory: made,
    closed: await deps.memories.getMany(workspaceId, ids),
  };
}

/** Whoever writes for one owner ends nothing that another one remembers. */
async function ofSameOwner(
  { deps, workspaceId }: Writing,
  memory: NewMemory,
  ids: readonly string[],
): Promise<readonly Memory[]> {
  const audience = audienceOf(ownerOf(memory));
  const found = await deps.memories.getMany(workspaceId, [...new Set(ids)]);
  const mine = found.filter((known) => audienceOf(known) === audience);
  if (mine.length < new Set(ids).size) {
    throw new AppError('memory.not_found', 'it contradicts a memory that its owner does not have');
  }
  return mine;
}

/** A fault of the index must not make what is written look lost: the feed brings it later. */
async function show(
  { indexes, onFault }: MemoryServiceDeps,
  workspaceId: string,
  ids: readonly string[],
): Promise<void> {
  try {
    await indexes.written(workspaceId, { subject: 'memory', ids });
  } catch (error) {
    onFault({ what: 'showing what was learnt', error });
  }
}
