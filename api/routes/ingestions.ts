import { documentPageQuerySchema, ingestionSchema } from '../../contracts/knowledge.schema.ts';
import { AppError } from '../../contracts/app-error.ts';
import { ingestDocument } from '../ingest-document.ts';
import { isVisible, visibleDocument } from '../memory-access.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import { viewerQuerySchema } from '../../contracts/memory.schema.ts';

const ingest = route({
  method: 'POST',
  path: '/v1/documents/{document}/ingest',
  permission: 'knowledge:write',
  summary: 'Ingest a document once more; it is found as before meanwhile',
  query: viewerQuerySchema,
  answers: { 201: { description: 'the ingestion', schema: ingestionSchema } },
  problems: ['knowledge.document_not_found', 'knowledge.conflict'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.document, ...query };
    const { id } = await visibleDocument(services, asked);
    const ingestion = await ingestDocument(services, workspaceId, id);
    const headers = { location: `/v1/ingestions/${ingestion.id}` };
    return { status: 201, body: ingestion, headers };
  },
});

const listIngestions = route({
  method: 'GET',
  path: '/v1/documents/{document}/ingestions',
  permission: 'knowledge:read',
  summary: 'List the ingestions of a document, newest first',
  query: documentPageQuerySchema,
  answers: { 200: { description: 'a page of ingestions', schema: pageSchema(ingestionSchema) } },
  problems: ['knowledge.document_not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.document, userId: query.userId };
    const { id } = await visibleDocument(services, asked);
    const page = toPageRequest(query);
    return { status: 200, body: await services.knowledge.listIngestions(workspaceId, id, page) };
  },
});

const getIngestion = route({
  method: 'GET',
  path: '/v1/ingestions/{ingestion}',
  permission: 'knowledge:read',
  summary: 'Read an ingestion: how far each of its steps is',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the ingestion', schema: ingestionSchema } },
  problems: ['knowledge.ingestion_not_found'],
  handler: async ({ params, query, workspaceId }, { knowledge }) => {
    const ingestion = await knowledge.ingestion(workspaceId, params.ingestion);
    const document = await knowledge.getDocument(workspaceId, ingestion.documentId);
    if (isVisible(document, query.userId)) return { status: 200, body: ingestion };
    throw new AppError('knowledge.ingestion_not_found', `no ingestion ${params.ingestion}`);
  },
});

/** Routes of ingestions. */
export const INGESTION_ROUTES = [ingest, listIngestions, getIngestion];
