import { documentPageQuerySchema, ingestionSchema } from '../../contracts/knowledge.schema.ts';
import { ingestDocument } from '../ingest-document.ts';
import { visibleDocument, visibleIngestion } from '../memory-access.ts';
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
  handler: async ({ params, query, workspaceId }, services) => ({
    status: 200,
    body: await visibleIngestion(services, { workspaceId, id: params.ingestion, ...query }),
  }),
});

const cancelIngestion = route({
  method: 'POST',
  path: '/v1/ingestions/{ingestion}/cancel',
  permission: 'knowledge:write',
  summary: 'Have an ingestion ended as soon as it can be; one that has ended stays as it is',
  query: viewerQuerySchema,
  answers: { 202: { description: 'the ingestion as it is now', schema: ingestionSchema } },
  problems: ['knowledge.ingestion_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.ingestion, ...query };
    const { id, state } = await visibleIngestion(services, asked);
    if (state === 'running') await services.ingestions.cancel(id);
    return { status: 202, body: await services.knowledge.ingestion(workspaceId, id) };
  },
});

/** Routes of ingestions. */
export const INGESTION_ROUTES = [ingest, listIngestions, getIngestion, cancelIngestion];
