import type { AttributeValue, IndexEntry, NamedVector } from '../../adapters/memory-index/port.ts';
import type { Chunk, KnowledgeDocument } from '../../contracts/knowledge.ts';
import type { Memory, MemoryOwner } from '../../contracts/memory.ts';

/** Who may see something: everybody in the workspace, or a user, an agent or a thread. */
export function audienceOf({ scope, userId, agentId, threadId }: MemoryOwner): string {
  switch (scope) {
    case 'workspace':
      return 'workspace';
    case 'user':
      return `user:${userId ?? ''}`;
    case 'agent':
      return `agent:${agentId ?? ''}`;
    case 'thread':
      return `thread:${threadId ?? ''}`;
  }
}

/** Who may see a document: everybody in the workspace, or the person whose it is. */
export function documentAudience(userId: string | null): string {
  return userId === null ? 'workspace' : `user:${userId}`;
}

/** What an index keeps of a memory. */
export function memoryEntry(memory: Memory, vectors: readonly NamedVector[]): IndexEntry {
  const { threadId, threadPosition } = memory;
  return {
    id: memory.id,
    version: memory.version,
    profile: 'dialogue',
    text: memorySearchText(memory),
    session:
      threadId === null || threadPosition === null
        ? null
        : { id: threadId, position: threadPosition },
    vectors,
    attributes: memoryAttributes(memory),
    retention: {
      lastAccessAt: Date.parse(memory.lastAccessAt),
      stabilityMs: memory.stabilityMs,
    },
  };
}

/** The text that a memory is found by: questions ask when as often as what. */
export function memorySearchText({ text, validAt }: Pick<Memory, 'text' | 'validAt'>): string {
  return `(${dateText(validAt)}) ${text}`;
}

/** What an index keeps of a piece of a document. */
export function chunkEntry(
  chunk: Chunk,
  document: KnowledgeDocument,
  vectors: readonly NamedVector[],
): IndexEntry {
  return {
    id: chunk.id,
    version: chunk.version,
    profile: 'document',
    text: chunkSearchText(chunk, document.title),
    session: { id: chunk.documentId, position: chunk.position },
    vectors,
    attributes: {
      audience: documentAudience(document.userId),
      knowledgeBase: document.knowledgeBaseId,
      document: document.id,
    },
    retention: null,
  };
}

/** The text that a piece is found by: its own says little of what its headings have said. */
export function chunkSearchText({ text, headings }: Chunk, title: string): string {
  return [title, ...headings, text].filter((part) => part !== '').join('\n');
}

function memoryAttributes(memory: Memory): Record<string, AttributeValue> {
  const { kind, origin, importance, trusted, validAt, invalidAt, createdAt } = memory;
  return {
    audience: audienceOf(memory),
    kind,
    origin,
    importance,
    trusted,
    validAt: Date.parse(validAt),
    createdAt: Date.parse(createdAt),
    // Without it a comparison is false: what has no end has not ended.
    ...(invalidAt === null ? {} : { invalidAt: Date.parse(invalidAt) }),
  };
}

function dateText(time: string): string {
  return new Date(time).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
}
