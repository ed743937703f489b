import { AppError } from '../contracts/app-error.ts';
import type { Crawl } from '../contracts/crawl.ts';
import type { Ingestion, KnowledgeDocument } from '../contracts/knowledge.ts';
import type { Memory } from '../contracts/memory.ts';
import type { Services } from './services.ts';

/** A thing that is asked for, and the person whom the request is made for, if any. */
interface Asked {
  readonly workspaceId: string;
  readonly id: string;
  readonly userId?: string | undefined;
}

/** The memory, if the person may see it: other persons' are as unknown as those of nobody. */
export async function visibleMemory(services: Services, asked: Asked): Promise<Memory> {
  const memory = await services.memories.get(asked.workspaceId, asked.id);
  if (isVisible(memory, asked.userId)) return memory;
  throw new AppError('memory.not_found', `no memory ${asked.id}`);
}

/** The memory, if the person may change it: what is shared is not a person's to change. */
export async function changeableMemory(services: Services, asked: Asked): Promise<Memory> {
  const memory = await visibleMemory(services, asked);
  if (asked.userId === undefined || memory.userId === asked.userId) return memory;
  throw new AppError(
    'auth.forbidden',
    `memory ${asked.id} is shared: it is not changed for one person`,
  );
}

/** The document, if the person may see it. */
export async function visibleDocument(
  services: Services,
  asked: Asked,
): Promise<KnowledgeDocument> {
  const document = await services.knowledge.getDocument(asked.workspaceId, asked.id);
  if (isVisible(document, asked.userId)) return document;
  throw new AppError('knowledge.document_not_found', `no document ${asked.id}`);
}

/** The ingestion, if the person may see its document. */
export async function visibleIngestion(
  { knowledge }: Pick<Services, 'knowledge'>,
  { workspaceId, id, userId }: Asked,
): Promise<Ingestion> {
  const ingestion = await knowledge.ingestion(workspaceId, id);
  const document = await knowledge.getDocument(workspaceId, ingestion.documentId);
  if (isVisible(document, userId)) return ingestion;
  throw new AppError('knowledge.ingestion_not_found', `no ingestion ${id}`);
}

/** The crawl, if the person may see it. */
export async function visibleCrawl(services: Services, asked: Asked): Promise<Crawl> {
  const crawl = await services.crawls.get(asked.workspaceId, asked.id);
  if (isVisible(crawl, asked.userId)) return crawl;
  throw new AppError('knowledge.crawl_not_found', `no crawl ${asked.id}`);
}

/** Whether what belongs to a person, or to nobody, is there for the one who looks. */
export function isVisible(
  thing: { readonly userId: string | null },
  viewerId: string | undefined,
): boolean {
  return viewerId === undefined || thing.userId === null || thing.userId === viewerId;
}
