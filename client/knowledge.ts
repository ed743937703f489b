import type {
  AddDocumentRequest,
  CreateKnowledgeBaseRequest,
  DocumentPageQuery,
  ListDocumentsQuery,
  UpdateKnowledgeBaseRequest,
} from '../contracts/knowledge.schema.ts';
import type {
  AddedDocument,
  Chunk,
  Ingestion,
  KnowledgeBase,
  KnowledgeDocument,
} from '../contracts/knowledge.ts';
import type {
  SearchKnowledgeBaseRequest,
  SearchKnowledgeRequest,
} from '../contracts/recall.schema.ts';
import {
  streamIngestion,
  waitForIngestion,
  type IngestionStreamOptions,
  type IngestionWaitOptions,
} from './ingestion-stream.ts';
import { createCrawls, type Crawls } from './crawls.ts';
import { createPaged, type Paged } from './paged.ts';
import type { IngestionEvent } from '../contracts/ingestion-event.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { KnowledgeAnswer } from '../contracts/recall.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import type { Transport } from './transport.ts';
import type { ViewerOptions } from './memories.ts';

/** A document's bytes. */
export interface UploadDocument {
  /** The same name again gives the document new contents. */
  readonly name: string;
  readonly title?: string;
  /** The person whose it is: nobody else finds it. */
  readonly userId?: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Knowledge bases and their documents. */
export interface Knowledge extends Crawls {
  createBase(body: CreateKnowledgeBaseRequest, options?: RequestOptions): Promise<KnowledgeBase>;
  getBase(baseId: string, options?: RequestOptions): Promise<KnowledgeBase>;
  /** Oldest first. */
  listBases(query?: PageQuery): Paged<KnowledgeBase>;
  updateBase(
    baseId: string,
    body: UpdateKnowledgeBaseRequest,
    options?: RequestOptions,
  ): Promise<KnowledgeBase>;
  /** With all its documents. */
  deleteBase(baseId: string, options?: RequestOptions): Promise<void>;
  /** Finds pieces in all bases, or in those that are named. */
  search(body: SearchKnowledgeRequest, options?: RequestOptions): Promise<KnowledgeAnswer>;
  searchBase(
    baseId: string,
    body: SearchKnowledgeBaseRequest,
    options?: RequestOptions,
  ): Promise<KnowledgeAnswer>;
  /** Adds a text, bytes as base64, or what is at an address, and has it ingested. */
  addDocument(
    baseId: string,
    body: AddDocumentRequest,
    options?: RequestOptions,
  ): Promise<AddedDocument>;
  /** The same with bytes as they are. */
  upload(
    baseId: string,
    document: UploadDocument,
    options?: RequestOptions,
  ): Promise<AddedDocument>;
  /** Oldest first. */
  listDocuments(baseId: string, query?: ListDocumentsQuery): Paged<KnowledgeDocument>;
  getDocument(documentId: string, options?: ViewerOptions): Promise<KnowledgeDocument>;
  /** The document as it was added. */
  readDocument(documentId: string, options?: ViewerOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** With all that was made of it. */
  deleteDocument(documentId: string, options?: ViewerOptions): Promise<void>;
  /** The pieces that it was cut into, in their order. */
  chunks(documentId: string, query?: DocumentPageQuery): Paged<Chunk>;
  /** Ingests it once more. */
  ingest(documentId: string, options?: ViewerOptions): Promise<Ingestion>;
  /** Newest first. */
  ingestions(documentId: string, query?: DocumentPageQuery): Paged<Ingestion>;
  /** How far each step is. */
  ingestion(ingestionId: string, options?: ViewerOptions): Promise<Ingestion>;
  /** Every event once and in order until it has ended or was deleted, for `for await`. */
  ingestionEvents(
    ingestionId: string,
    options?: IngestionStreamOptions,
  ): AsyncGenerator<IngestionEvent, void, undefined>;
  /**
   * The ingestion once it has ended, however it did; survives lost connections and restarts. Rejects
   * with `knowledge.ingestion_not_found` once its document is deleted.
   */
  waitForIngestion(ingestionId: string, options?: IngestionWaitOptions): Promise<Ingestion>;
  /** Has it ended as soon as it can be. */
  cancelIngestion(ingestionId: string, options?: ViewerOptions): Promise<Ingestion>;
}

const BASES = '/v1/knowledge-bases';
const baseOf = (baseId: string): string => `${BASES}/${segment(baseId)}`;
const documentOf = (documentId: string): string => `/v1/documents/${segment(documentId)}`;

/** The resource `knowledge`. */
export function createKnowledge(transport: Transport): Knowledge {
  return {
    ...bases(transport),
    ...searches(transport),
    ...additions(transport),
    ...documents(transport),
    ...ingestions(transport),
    ...createCrawls(transport),
  };
}

type Bases = 'createBase' | 'getBase' | 'listBases' | 'updateBase' | 'deleteBase';

function bases(transport: Transport): Pick<Knowledge, Bases> {
  return {
    createBase: (body, { signal } = {}) =>
      transport.json({ method: 'POST', path: BASES, body, signal, repeat: 'refused' }),
    getBase: (baseId, { signal } = {}) =>
      transport.json({ method: 'GET', path: baseOf(baseId), signal }),
    listBases: (query = {}) => createPaged(transport, { path: BASES, query }),
    updateBase: (baseId, body, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: baseOf(baseId), body, signal }),
    deleteBase: (baseId, { signal } = {}) =>
      transport.json({ method: 'DELETE', path: baseOf(baseId), signal }),
  };
}

function searches(transport: Transport): Pick<Knowledge, 'search' | 'searchBase'> {
  return {
    search: (body, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${BASES}/search`, body, signal }),
    searchBase: (baseId, body, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${baseOf(baseId)}/search`, body, signal }),
  };
}

// Repeating is harmless: one name has one document, and the same contents change nothing.
function additions(transport: Transport): Pick<Knowledge, 'addDocument' | 'upload'> {
  return {
    addDocument: (baseId, body, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${baseOf(baseId)}/documents`, body, signal }),
    upload: (baseId, { bytes, mediaType, ...query }, { signal } = {}) =>
      transport.json({
        method: 'PUT',
        path: `${baseOf(baseId)}/documents`,
        query,
        bytes,
        headers: { 'content-type': mediaType },
        signal,
      }),
  };
}

type Documents = 'listDocuments' | 'getDocument' | 'readDocument' | 'deleteDocument' | 'chunks';

function documents(transport: Transport): Pick<Knowledge, Documents> {
  return {
    listDocuments: (baseId, query = {}) =>
      createPaged(transport, { path: `${baseOf(baseId)}/documents`, query }),
    getDocument: (documentId, { userId, signal } = {}) =>
      transport.json({ method: 'GET', path: documentOf(documentId), query: { userId }, signal }),
    readDocument: (documentId, { userId, signal } = {}) =>
      transport.bytes({
        method: 'GET',
        path: `${documentOf(documentId)}/content`,
        query: { userId },
        headers: { accept: '*/*' },
        signal,
      }),
    deleteDocument: (documentId, { userId, signal } = {}) =>
      transport.json({ method: 'DELETE', path: documentOf(documentId), query: { userId }, signal }),
    chunks: (documentId, query = {}) =>
      createPaged(transport, { path: `${documentOf(documentId)}/chunks`, query }),
  };
}

type Ingestions =
  | 'ingest'
  | 'ingestions'
  | 'ingestion'
  | 'ingestionEvents'
  | 'waitForIngestion'
  | 'cancelIngestion';

function ingestions(transport: Transport): Pick<Knowledge, Ingestions> {
  return {
    ingest: (documentId, { userId, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${documentOf(documentId)}/ingest`,
        query: { userId },
        signal,
        repeat: 'refused',
      }),
    ingestions: (documentId, query = {}) =>
      createPaged(transport, { path: `${documentOf(documentId)}/ingestions`, query }),
    ingestion: (ingestionId, { userId, signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `/v1/ingestions/${segment(ingestionId)}`,
        query: { userId },
        signal,
      }),
    ingestionEvents: (ingestionId, options = {}) =>
      streamIngestion(transport, ingestionId, options),
    waitForIngestion: (ingestionId, options = {}) =>
      waitForIngestion(transport, ingestionId, options),
    cancelIngestion: (ingestionId, { userId, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `/v1/ingestions/${segment(ingestionId)}/cancel`,
        query: { userId },
        signal,
      }),
  };
}
