import {
  addDocumentSchema,
  chunkSchema,
  documentPageQuerySchema,
  documentSchema,
  listDocumentsQuerySchema,
  putDocumentSchema,
  uploadDocumentQuerySchema,
  type AddDocumentRequest,
} from '../../contracts/knowledge.schema.ts';
import type { AddedDocument } from '../../contracts/knowledge.ts';
import { addDocument } from '../ingest-document.ts';
import { defined } from '../defined.ts';
import { invalidRequest } from '../parse.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { NewDocument } from '../../db/knowledge/documents.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { readBody } from '../read-body.ts';
import { responseStop } from '../response-stop.ts';
import { route, type Reply } from '../route.ts';
import { sendBytes } from '../send-bytes.ts';
import type { Services } from '../services.ts';
import { toPageRequest } from '../paging.ts';
import { viewerQuerySchema } from '../../contracts/memory.schema.ts';
import { visibleDocument } from '../memory-access.ts';

const ADDED = {
  200: {
    description: 'the document: new contents, or the same as before',
    schema: putDocumentSchema,
  },
  201: { description: 'the new document', schema: putDocumentSchema },
};
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?: *; *[\w-]+=[\w."-]+)*$/;
const MEDIA_TYPE_CHARS = 200;

const addByJson = route({
  method: 'POST',
  path: '/v1/knowledge-bases/{base}/documents',
  permission: 'knowledge:write',
  summary: 'Add a document as text, as base64 or by its address, and ingest it',
  body: addDocumentSchema,
  bodyBytes: LIMITS.bodyBytes,
  answers: ADDED,
  problems: [
    'knowledge.base_not_found',
    'knowledge.too_large',
    'knowledge.conflict',
    'knowledge.source_refused',
    'tool.failed',
  ],
  handler: async ({ params, body, workspaceId, response }, services) => {
    await services.knowledge.getBase(workspaceId, params.base);
    const { signal } = responseStop(response, services.closing);
    const contents = await contentsOf(services, body, signal);
    const { title = contents.source, userId } = body;
    const document = {
      ...contents,
      knowledgeBaseId: params.base,
      title,
      ...defined({ userId }),
    };
    return replyOf(await addDocument(services, workspaceId, document));
  },
});

const upload = route({
  method: 'PUT',
  path: '/v1/knowledge-bases/{base}/documents',
  permission: 'knowledge:write',
  summary: 'Add a document, or new contents under its name, as bytes, and ingest it',
  query: uploadDocumentQuerySchema,
  takesBytes: true,
  bodyBytes: LIMITS.documentBytes,
  headers: { 'content-type': 'its media type' },
  answers: ADDED,
  problems: ['knowledge.base_not_found', 'knowledge.conflict'],
  handler: async ({ params, query, workspaceId, request }, services) => {
    const mediaType = request.headers['content-type'] ?? 'application/octet-stream';
    if (!MEDIA_TYPE.test(mediaType) || mediaType.length > MEDIA_TYPE_CHARS) {
      const pointer = '/headers/content-type';
      const message = 'must be a media type';
      throw invalidRequest([{ pointer, code: 'request.invalid_value', message }]);
    }
    await services.knowledge.getBase(workspaceId, params.base);
    const { name, title = name, userId } = query;
    const document = {
      knowledgeBaseId: params.base,
      source: name,
      title,
      mediaType,
      content: await readBody(request, LIMITS.documentBytes),
      ...defined({ userId }),
    };
    return replyOf(await addDocument(services, workspaceId, document));
  },
});

const listDocuments = route({
  method: 'GET',
  path: '/v1/knowledge-bases/{base}/documents',
  permission: 'knowledge:read',
  summary: 'List the documents of a knowledge base, oldest first',
  query: listDocumentsQuerySchema,
  answers: { 200: { description: 'a page of documents', schema: pageSchema(documentSchema) } },
  problems: ['knowledge.base_not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { knowledge }) => {
    const { id: knowledgeBaseId } = await knowledge.getBase(workspaceId, params.base);
    const { state, userId } = query;
    const filter = { knowledgeBaseId, ...defined({ state, userId }) };
    const page = toPageRequest(query);
    return { status: 200, body: await knowledge.listDocuments(workspaceId, filter, page) };
  },
});

const getDocument = route({
  method: 'GET',
  path: '/v1/documents/{document}',
  permission: 'knowledge:read',
  summary: 'Read what is known of a document, and what became of it',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the document', schema: documentSchema } },
  problems: ['knowledge.document_not_found'],
  handler: async ({ params, query, workspaceId }, services) => ({
    status: 200,
    body: await visibleDocument(services, { workspaceId, id: params.document, ...query }),
  }),
});

const readDocument = route({
  method: 'GET',
  path: '/v1/documents/{document}/content',
  permission: 'knowledge:read',
  summary: 'Read a document as it was added; a browser downloads it, and shows images',
  query: viewerQuerySchema,
  answers: {
    200: {
      description: 'its bytes, of its media type',
      contentTypes: ['application/octet-stream'],
    },
  },
  problems: ['knowledge.document_not_found'],
  handler: async ({ params, query, workspaceId, response }, services) => {
    const asked = { workspaceId, id: params.document, ...query };
    const { id, source, mediaType, contentHash } = await visibleDocument(services, asked);
    const bytes = await services.knowledge.content(workspaceId, id);
    sendBytes(response, { bytes, name: source, mediaType, sha256: contentHash });
    return null;
  },
});

const listChunks = route({
  method: 'GET',
  path: '/v1/documents/{document}/chunks',
  permission: 'knowledge:read',
  summary: 'List the pieces that a document was cut into, in their order',
  query: documentPageQuerySchema,
  answers: { 200: { description: 'a page of pieces', schema: pageSchema(chunkSchema) } },
  problems: ['knowledge.document_not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.document, userId: query.userId };
    const { id } = await visibleDocument(services, asked);
    const page = toPageRequest(query);
    return { status: 200, body: await services.knowledge.listChunks(workspaceId, id, page) };
  },
});

const deleteDocument = route({
  method: 'DELETE',
  path: '/v1/documents/{document}',
  permission: 'knowledge:write',
  summary: 'Delete a document with all that was made of it',
  query: viewerQuerySchema,
  answers: { 204: { description: 'deleted' } },
  problems: ['knowledge.document_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.document, ...query };
    const { id } = await visibleDocument(services, asked);
    await services.knowledge.deleteDocument(workspaceId, id);
    return { status: 204 };
  },
});

/** Routes of documents. */
export const DOCUMENT_ROUTES = [
  addByJson,
  upload,
  listDocuments,
  getDocument,
  readDocument,
  listChunks,
  deleteDocument,
];

async function contentsOf(
  { fetchDocument }: Services,
  body: AddDocumentRequest,
  signal: AbortSignal,
): Promise<Pick<NewDocument, 'source' | 'mediaType' | 'content'>> {
  if ('url' in body) {
    const { bytes, mediaType } = await fetchDocument(body.url, signal);
    return { source: body.url, mediaType, content: bytes };
  }
  const { name: source, mediaType } = body;
  if ('text' in body) {
    const content = Buffer.from(body.text);
    return { source, mediaType: mediaType ?? 'text/plain; charset=utf-8', content };
  }
  const content = Buffer.from(body.base64, 'base64');
  return { source, mediaType: mediaType ?? 'application/octet-stream', content };
}

function replyOf(added: AddedDocument): Reply {
  const headers = { location: `/v1/documents/${added.document.id}` };
  return { status: added.kind === 'created' ? 201 : 200, body: added, headers };
}
