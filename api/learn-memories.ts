import { AppError } from '../contracts/app-error.ts';
import { isErrorCode } from '../contracts/errors.ts';
import { isVisible } from './memory-access.ts';
import type { CreateMemoryRequest } from '../contracts/memory.schema.ts';
import type { Learned, MemoryDraft } from '../contracts/recall.ts';
import { defined } from './defined.ts';
import type { MemoryAuthor } from '../contracts/memory.ts';
import type { Services } from './services.ts';

/** Memories as a request brings them. */
export interface LearnRequest {
  readonly workspaceId: string;
  readonly memories: readonly Omit<CreateMemoryRequest, 'why'>[];
  readonly author: MemoryAuthor;
  /** Of the request; each memory has its own, made of this one. */
  readonly key: string | undefined;
}

/** Learns memories. Those that a memory refers to must be of the same person, or of nobody. */
export async function learnMemories(
  services: Services,
  request: LearnRequest,
): Promise<readonly Learned[]> {
  const { workspaceId, memories, author, key } = request;
  await refuseOthers(services, request);
  const drafts = memories.map(({ origin = 'user', kind, text, scope, ...rest }, index) => ({
    ...defined(rest),
    kind,
    text,
    scope,
    origin,
    ...(key === undefined ? {} : { key: `api:${author.actor}:${key}:${index}` }),
  })) satisfies readonly MemoryDraft[];
  return services.memory.remember(workspaceId, drafts, author);
}

/** What became of the one memory of a request. Throws what it was refused with. */
export function learnedOrThrow(
  learned: Learned | undefined,
): Exclude<Learned, { kind: 'refused' }> {
  if (learned === undefined) throw new Error('a memory got no answer');
  if (learned.kind !== 'refused') return learned;
  const { code, reason } = learned;
  throw new AppError(isErrorCode(code) ? code : 'memory.invalid', reason);
}

async function refuseOthers(
  { memories: store }: Services,
  { workspaceId, memories }: LearnRequest,
): Promise<void> {
  const named = memories.flatMap(({ userId, contradicts = [], derivedFrom = [] }) =>
    [...contradicts, ...derivedFrom].map((id) => ({ id, userId })),
  );
  if (named.length === 0) return;
  const found = await store.getMany(workspaceId, [...new Set(named.map(({ id }) => id))]);
  const byId = new Map(found.map((memory) => [memory.id, memory]));
  for (const { id, userId } of named) {
    const memory = byId.get(id);
    if (memory !== undefined && isVisible(memory, userId)) continue;
    throw new AppError('memory.not_found', `no memory ${id}`);
  }
}
