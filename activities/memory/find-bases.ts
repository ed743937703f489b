import { AppError } from '../../contracts/app-error.ts';
import type { KnowledgeBase } from '../../contracts/knowledge.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { isId } from '../../contracts/ids.ts';

/** Ids of knowledge bases that are named by name or id. Throws `knowledge.base_not_found`. */
export async function findBases(
  store: Pick<KnowledgeStore, 'listBases'>,
  workspaceId: string,
  wanted: readonly string[],
): Promise<readonly string[]> {
  const bases = await allBases(store, workspaceId);
  return wanted.map((ref) => {
    // A base that is named like the id of another one, of now or of once, must not stand for it.
    const byId = isId('knowledgeBase', ref);
    const found = bases.find(({ id, name }) => (byId ? id : name) === ref);
    if (found !== undefined) return found.id;
    throw new AppError('knowledge.base_not_found', `there is no knowledge base ${ref}`);
  });
}

async function allBases(
  store: Pick<KnowledgeStore, 'listBases'>,
  workspaceId: string,
): Promise<readonly KnowledgeBase[]> {
  const found: KnowledgeBase[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.listBases(workspaceId, {
      limit: LIMITS.pageSize,
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
