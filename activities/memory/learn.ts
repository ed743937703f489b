import type { Learned, MemoryDraft } from '../../contracts/recall.ts';
import type { Memory, MemoryAuthor, NewMemory } from '../../contracts/memory.ts';
import { draftVectors, lookUp, ownerOf, type DraftToCompare, type Known } from './known-alike.ts';
import { AppError } from '../../contracts/app-error.ts';
import { audienceOf } from './index-entry.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { MemoryServiceDeps } from './service-deps.ts';
import { relate } from './same-saying.ts';

interface Writing {
  readonly deps: MemoryServiceDeps;
  readonly workspaceId: string;
  readonly author: MemoryAuthor;
}

/** Drafts that are written together; each is compared with those before it. */
const WRITTEN_TOGETHER = 50;

/** See `MemoryService.remember`. */
export async function learn(
  deps: MemoryServiceDeps,
  workspaceId: string,
  { drafts, author }: { readonly drafts: readonly MemoryDraft[]; readonly author: MemoryAuthor },
): Promise<readonly Learned[]> {
  if (drafts.length > LIMITS.memoryBatch) {
    throw new AppError('memory.invalid', `more than ${LIMITS.memoryBatch} memories at once`);
  }
  const writing = { deps, workspaceId, author };
  const vectors = await draftVectors(deps, workspaceId, drafts);
  const answers: Learned[] = [];
  let waiting: NewMemory[] = [];
  const flush = async (): Promise<void> => {
    const together = waiting;
    waiting = [];
    answers.push(...(await writeAll(writing, together)));
  };
  for (const [index, { contradicts = [], ...draft }] of drafts.entries()) {
    // What it is like must be known first, or the two would not see each other.
    const isAlone = waiting.every((other) => isUnlike(deps, draft, other));
    if (!isAlone || waiting.length >= WRITTEN_TOGETHER) await flush();
    const found = await refusing(() =>
      known(writing, { draft, contradicts, vector: vectors[index] ?? null }),
    );
    if (found.kind === 'new') {
      waiting.push(draft);
      continue;
    }
    await flush();
    answers.push(await answerTo(writing, draft, found));
  }
  await flush();
  return answers;
}

type Refused = Extract<Learned, { readonly kind: 'refused' }>;

async function known(
  writing: Writing,
  draft: DraftToCompare & { readonly contradicts: readonly string[] },
): Promise<Known> {
  const { deps, workspaceId } = writing;
  if (draft.draft.text.trim() === '') throw new AppError('memory.invalid', 'a memory needs a text');
  if (draft.contradicts.length === 0) return lookUp(deps, workspaceId, draft);
  const memories = await ofSameOwner(writing, draft.draft, draft.contradicts);
  return { kind: 'contradicts', memories };
}

async function answerTo(
  writing: Writing,
  draft: NewMemory,
  found: Exclude<Known, { readonly kind: 'new' }> | Refused,
): Promise<Learned> {
  switch (found.kind) {
    case 'refused':
      return found;
    case 'same':
      return { kind: 'near_duplicate', memory: found.memory, similarity: found.similarity };
    case 'contradicts':
      return refusing(() => supersede(writing, draft, found.memories));
  }
}

/** A fault that passes is the caller's to try again; what is wrong with one draft is its own. */
async function refusing<T>(work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'service.unavailable') throw error;
    return { kind: 'refused', code: error.code, reason: error.message };
  }
}

function isUnlike({ analyse }: MemoryServiceDeps, draft: NewMemory, other: NewMemory): boolean {
  if (draft.kind !== other.kind) return true;
  if (audienceOf(ownerOf(draft)) !== audienceOf(ownerOf(other))) return true;
  return relate(draft.text, other.text, analyse).kind === 'different';
}

/** All together, or each for itself where one of them keeps the others. */
async function writeAll(
  writing: Writing,
  memories: readonly NewMemory[],
): Promise<readonly Learned[]> {
  if (memories.length === 0) return [];
  const { deps, workspaceId, author } = writing;
  const together = await refusing(() => deps.memories.remember(workspaceId, memories, author));
  if ('kind' in together) {
    if (memories.length === 1) return [together];
    const answers: Learned[] = [];
    for (const memory of memories) answers.push(...(await writeAll(writing, [memory])));
    return answers;
  }
  await show(
    deps,
    workspaceId,
    together.map(({ memory }) => memory.id),
  );
  return together;
}

/** The first is closed together with the writing; a retry finds the new one by its key. */
async function supersede(
  writing: Writing,
  memory: NewMemory,
  contradicted: readonly Memory[],
): Promise<Learned> {
  const { deps, workspaceId, author } = writing;
  const [first, ...others] = contradicted;
  if (first === undefined) throw new AppError('memory.invalid', 'nothing is contradicted');
  const answer = await deps.memories.supersede(workspaceId, { id: first.id, by: memory }, author);
  const made = answer.kind === 'superseded' ? answer.memory : await writeOne(writing, memory);
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

async function writeOne(
  { deps, workspaceId, author }: Writing,
  memory: NewMemory,
): Promise<Memory> {
  const [remembered] = await deps.memories.remember(workspaceId, [memory], author);
  if (remembered === undefined) throw new AppError('memory.invalid', 'nothing was written');
  return remembered.memory;
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
