import type {
  Chunk,
  ChunkChanges,
  Ingestion,
  IngestionProgress,
} from '../../contracts/knowledge.ts';
import {
  CHUNK_VECTORS,
  missingVectors,
  putVectors,
  readVectors,
  type VectorScan,
} from '../vectors/vectors.ts';
import { addDocument, type StoredDocument } from '../knowledge/add-document.ts';
import {
  createBase,
  deleteBase,
  getBase,
  listBases,
  updateBase,
  type BaseChange,
} from '../knowledge/bases.ts';
import {
  documentContent,
  getDocument,
  getDocuments,
  listDocuments,
  progressDocument,
  putDocument,
  unknownDocument,
  type DocumentFilter,
  type DocumentProgress,
  type NewDocument,
  type PutDocument,
} from '../knowledge/documents.ts';
import type {
  EmbedderRef,
  NewVector,
  StoredVector,
  TextToEmbed,
} from '../../contracts/embedding.ts';
import {
  endIngestion,
  getIngestion,
  lastIngestion,
  listIngestions,
  quietIngestions,
  startIngestion,
  writeStep,
  type IngestionEnd,
} from '../knowledge/ingestions.ts';
import {
  countUnindexed,
  getChunks,
  listChunks,
  scanChunks,
  type ChunkScan,
} from '../knowledge/read-chunks.ts';
import {
  readEvents,
  type IngestionEventRange,
  type IngestionEvents,
} from '../knowledge/ingestion-events.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { KnowledgeBase, KnowledgeDocument } from '../../contracts/knowledge.ts';
import type { Page, PageRequest } from './page.ts';
import { replaceChunks, type ReplaceChunks } from '../knowledge/chunks.ts';
import type { Database } from '../database.ts';
import { deleteDocuments } from '../knowledge/erase-documents.ts';
import type { Tables } from '../tables.ts';
import { sql, type Transaction } from 'kysely';

/** Knowledge bases with their documents; those of other workspaces are unknown. */
export interface KnowledgeStore {
  /** Throws `knowledge.name_taken`. */
  createBase(
    workspaceId: string,
    base: Pick<KnowledgeBase, 'name' | 'description'>,
  ): Promise<KnowledgeBase>;
  /** Throws `knowledge.base_not_found`. */
  getBase(workspaceId: string, id: string): Promise<KnowledgeBase>;
  /** Oldest first. */
  listBases(workspaceId: string, page: PageRequest): Promise<Page<KnowledgeBase>>;
  /** Throws `knowledge.base_not_found`, `knowledge.name_taken`. */
  updateBase(workspaceId: string, id: string, change: BaseChange): Promise<KnowledgeBase>;
  /** Removes it with all its documents. Throws `knowledge.base_not_found`. */
  deleteBase(workspaceId: string, id: string): Promise<void>;
  /**
   * Adds a document, or the new contents of what its owner has of this source. Throws
   * `knowledge.base_not_found`, `knowledge.too_large`.
   */
  putDocument(workspaceId: string, document: NewDocument): Promise<PutDocument>;
  /** The same, and writes its ingestion, which ends one of earlier contents that is running. */
  addDocument(workspaceId: string, document: NewDocument): Promise<StoredDocument>;
  /** Throws `knowledge.document_not_found`. */
  getDocument(workspaceId: string, id: string): Promise<KnowledgeDocument>;
  /** Those that exist, in no order. */
  documents(workspaceId: string, ids: readonly string[]): Promise<readonly KnowledgeDocument[]>;
  /** Its bytes. Throws `knowledge.document_not_found`. */
  content(workspaceId: string, id: string): Promise<Buffer>;
  /** Oldest first. */
  listDocuments(
    workspaceId: string,
    filter: DocumentFilter,
    page: PageRequest,
  ): Promise<Page<KnowledgeDocument>>;
  /** Removes it with all that was made of it. Throws `knowledge.document_not_found`. */
  deleteDocument(workspaceId: string, id: string): Promise<void>;
  /** Notes what it becomes; false if it is gone or has other contents by now. */
  progress(workspaceId: string, id: string, progress: DocumentProgress): Promise<boolean>;
  /**
   * Makes these its pieces; those whose text stays keep their id and vectors. Repeating it changes
   * nothing. Throws `knowledge.document_not_found`, `knowledge.conflict`, `knowledge.too_large`.
   */
  replaceChunks(workspaceId: string, request: ReplaceChunks): Promise<ChunkChanges>;
  /** Those that exist, in the order of the ids. */
  chunks(workspaceId: string, ids: readonly string[]): Promise<readonly Chunk[]>;
  /** Of a document, in their order. */
  listChunks(workspaceId: string, documentId: string, page: PageRequest): Promise<Page<Chunk>>;
  /** All by id, for those who read all. */
  scanChunks(workspaceId: string, scan: ChunkScan): Promise<readonly Chunk[]>;
  /** Of its present contents. Throws `knowledge.document_not_found`, `knowledge.conflict`: one runs. */
  startIngestion(workspaceId: string, documentId: string): Promise<Ingestion>;
  /** Notes how far a step is; what is done never shrinks. Throws `knowledge.ingestion_not_found`. */
  ingestionStep(workspaceId: string, id: string, progress: IngestionProgress): Promise<void>;
  /** The first end stays. Throws `knowledge.ingestion_not_found`. */
  endIngestion(workspaceId: string, id: string, end: IngestionEnd): Promise<Ingestion>;
  /** Throws `knowledge.ingestion_not_found`. */
  ingestion(workspaceId: string, id: string): Promise<Ingestion>;
  /** What happened in it behind a number, in order. Throws `knowledge.ingestion_not_found`. */
  ingestionEvents(
    workspaceId: string,
    id: string,
    range: IngestionEventRange,
  ): Promise<IngestionEvents>;
  /** Of a document, newest first. */
  listIngestions(
    workspaceId: string,
    documentId: string,
    page: PageRequest,
  ): Promise<Page<Ingestion>>;
  /** Running ones of all workspaces that wrote nothing for a while, quietest first. */
  quietIngestions(search: {
    readonly quietMs: number;
    readonly limit: number;
  }): Promise<readonly IngestionRef[]>;
  /** Null if there was none. */
  lastIngestion(workspaceId: string, documentId: string): Promise<Ingestion | null>;
  /** Keeps vectors of pieces; answers with how many. Throws `embedding.invalid`. */
  putVectors(
    workspaceId: string,
    embedder: EmbedderRef,
    vectors: readonly NewVector[],
  ): Promise<number>;
  /** Pieces without a vector of the set; of one document only, if it is named. */
  missingVectors(
    workspaceId: string,
    scan: VectorScan & { readonly documentId?: string },
  ): Promise<readonly TextToEmbed[]>;
  /** How many pieces of a document indexes have still to learn of. */
  unindexed(workspaceId: string, documentId: string): Promise<number>;
  /** Vectors of pieces by id; of some ids only, if they are named. */
  vectors(
    workspaceId: string,
    scan: VectorScan & { readonly ids?: readonly string[] },
  ): Promise<readonly StoredVector[]>;
}

/** Knowledge bases on PostgreSQL. */
export function createKnowledgeStore({ kysely }: Database): KnowledgeStore {
  const inOne = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    kysely.transaction().execute(work);
  const kind = CHUNK_VECTORS;
  return {
    createBase: (ws, base) => createBase(kysely, ws, base),
    getBase: (ws, id) => getBase(kysely, ws, id),
    listBases: (ws, page) => listBases(kysely, ws, page),
    updateBase: (ws, id, change) => updateBase(kysely, ws, { id, change }),
    deleteBase: (ws, id) => inOne((trx) => deleteBase(trx, ws, id)),
    putDocument: (ws, document) => inOne((trx) => putDocument(trx, ws, document)),
    addDocument: (ws, document) => inOne((trx) => addDocument(trx, ws, document)),
    getDocument: (ws, id) => getDocument(kysely, ws, id),
    documents: (ws, ids) => getDocuments(kysely, ws, ids),
    content: (ws, id) => documentContent(kysely, ws, id),
    listDocuments: (ws, filter, page) => listDocuments(kysely, ws, { filter, page }),
    deleteDocument: (ws, id) =>
      inOne(async (trx) => {
        const only = sql`d.workspace_id = ${ws} and d.id = ${id}`;
        const { documents } = await deleteDocuments(trx, { workspaceId: ws, only });
        if (documents === 0) throw unknownDocument(id);
      }),
    progress: (ws, id, progress) => progressDocument(kysely, ws, { id, progress }),
    replaceChunks: (ws, request) => inOne((trx) => replaceChunks(trx, ws, request)),
    chunks: (ws, ids) => getChunks(kysely, ws, ids),
    listChunks: (ws, documentId, page) => listChunks(kysely, ws, { documentId, page }),
    scanChunks: (ws, scan) => scanChunks(kysely, ws, scan),
    quietIngestions: (search) => quietIngestions(kysely, search),
    startIngestion: (ws, documentId) => inOne((trx) => startIngestion(trx, ws, documentId)),
    ingestionStep: (ws, id, progress) => inOne((trx) => writeStep(trx, ws, { id, progress })),
    endIngestion: (ws, id, end) => inOne((trx) => endIngestion(trx, ws, { id, end })),
    ingestionEvents: (ws, id, range) => readEvents(kysely, ws, { id, range }),
    ingestion: (ws, id) => getIngestion(kysely, ws, id),
    listIngestions: (ws, documentId, page) => listIngestions(kysely, ws, { documentId, page }),
    lastIngestion: (ws, documentId) => lastIngestion(kysely, ws, documentId),
    putVectors: (ws, embedder, vectors) =>
      inOne((trx) => putVectors(trx, ws, { kind, embedder, vectors })),
    unindexed: (ws, documentId) => countUnindexed(kysely, ws, documentId),
    missingVectors: (ws, scan) => missingVectors(kysely, ws, { ...scan, kind }),
    vectors: (ws, scan) => readVectors(kysely, ws, { ...scan, kind }),
  };
}
