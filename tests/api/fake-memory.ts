import type { ApiDeps } from '../../api/deps.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import type { Learned, RecallOwner } from '../../contracts/recall.ts';
import type { Memory } from '../../contracts/memory.ts';
import type { MemoryStore } from '../../db/stores/memory-store.ts';

const HOW = { omitted: 0, missing: [], embedder: null, reranked: { by: null, why: 'none here' } };
const PAGE = { limit: 200 };

/** Memory on real stores that finds texts which hold the query, whatever else is asked for. */
export function createFakeMemory(
  memories: MemoryStore,
  knowledge: KnowledgeStore,
): NonNullable<ApiDeps['memory']> {
  return {
    recall: async (ws, { text, owner }) => {
      const { items } = await memories.list(ws, {}, PAGE);
      const found = items.filter((memory) => serves(memory, owner) && memory.text.includes(text));
      const hits = found.map((memory) => ({ memory, score: 1, explanation: null }));
      return { ...HOW, hits };
    },
    searchKnowledge: async (ws, { text, owner, knowledgeBaseIds = [] }) => {
      const hits = [];
      for (const knowledgeBaseId of knowledgeBaseIds) {
        const { items } = await knowledge.listDocuments(ws, { knowledgeBaseId }, PAGE);
        for (const document of items) {
          if (document.userId !== null && document.userId !== owner.userId) continue;
          const { id: documentId, title, source } = document;
          const pieces = (await knowledge.listChunks(ws, documentId, PAGE)).items;
          for (const chunk of pieces.filter((piece) => piece.text.includes(text))) {
            const { id: chunkId, page, start, end, headings } = chunk;
            const place = { chunkId, page, start, end, headings };
            const citation = { knowledgeBaseId, documentId, title, source, ...place };
            hits.push({ chunk, citation, score: 1, explanation: null });
          }
        }
      }
      return { ...HOW, hits };
    },
    remember: async (ws, drafts, author) => {
      const answers: Learned[] = [];
      for (const { contradicts = [], ...draft } of drafts) {
        const [made] = await memories.remember(ws, [draft], author);
        if (made === undefined) throw new Error('nothing was answered');
        const closed: Memory[] = [];
        for (const id of contradicts) {
          await memories.close(ws, id, { invalidAt: new Date().toISOString(), ...author });
          closed.push(await memories.get(ws, id));
        }
        const { memory } = made;
        answers.push(closed.length === 0 ? made : { kind: 'superseded', memory, closed });
      }
      return answers;
    },
    feedback: async (ws, { memoryId, verdict }, author) =>
      verdict === 'wrong'
        ? memories.edit(ws, memoryId, { invalidAt: new Date().toISOString(), ...author })
        : memories.edit(ws, memoryId, { importance: verdict === 'useful' ? 1 : 0, ...author }),
  };
}

function serves({ scope, userId, agentId, threadId }: Memory, owner: RecallOwner): boolean {
  return {
    workspace: true,
    user: userId === owner.userId,
    agent: agentId === owner.agentId,
    thread: threadId === owner.threadId,
  }[scope];
}
