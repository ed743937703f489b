/** What becomes of a document. Its chunks are found while it is `ready`, and from before while it is not. */
export const DOCUMENT_STATES = ['pending', 'parsing', 'embedding', 'ready', 'failed'] as const;
/** State of a document. */
export type DocumentState = (typeof DOCUMENT_STATES)[number];

/** Steps of an ingestion, in their order. */
export const INGESTION_STEPS = ['parse', 'chunk', 'embed', 'index'] as const;
/** Step of an ingestion. */
export type IngestionStep = (typeof INGESTION_STEPS)[number];

/** States of an ingestion and of its steps. */
export const INGESTION_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
/** State of an ingestion and of its steps. */
export type IngestionState = (typeof INGESTION_STATES)[number];

/** Documents that are searched together. */
export interface KnowledgeBase {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly description: string;
  readonly documents: number;
  readonly createdAt: string;
}

/** A document without its bytes; times are ISO 8601. */
export interface KnowledgeDocument {
  readonly id: string;
  readonly workspaceId: string;
  readonly knowledgeBaseId: string;
  /** Where it comes from: its address or the name of its upload; of one owner one document has each. */
  readonly source: string;
  readonly title: string;
  readonly mediaType: string;
  /** The person whose it is and stays: erasing the person erases it. */
  readonly userId: string | null;
  readonly state: DocumentState;
  /** Why it failed; null otherwise. */
  readonly error: string | null;
  readonly contentHash: string;
  readonly sizeBytes: number;
  /** Counts its contents. */
  readonly revision: number;
  readonly chunks: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A piece of a document as a parser cuts it. */
export interface ChunkDraft {
  readonly text: string;
  /** From 1; null where the document has no pages. */
  readonly page: number | null;
  /** Where it stands in the document's text, in characters. */
  readonly start: number;
  readonly end: number;
  /** Headings above it, outermost first. */
  readonly headings: readonly string[];
}

/** A piece of a document: what is searched and cited. */
export interface Chunk extends ChunkDraft {
  readonly id: string;
  readonly documentId: string;
  /** Its place among the document's, from 0. */
  readonly position: number;
  readonly hash: string;
  /** Grows with every change: projections keep the highest. */
  readonly version: number;
}

/** What replacing a document's chunks did. */
export interface ChunkChanges {
  /** Neither text nor place differ. */
  readonly kept: number;
  /** The text stands elsewhere now: its vectors are still right. */
  readonly moved: number;
  /** These need vectors. */
  readonly added: readonly Chunk[];
  readonly removed: number;
}

/** How far a step of an ingestion is. */
export interface IngestionProgress {
  readonly step: IngestionStep;
  readonly state: IngestionState;
  readonly done: number;
  readonly total: number | null;
}

/** One run of a document through parsing, cutting, embedding and indexing. */
export interface Ingestion {
  readonly id: string;
  readonly documentId: string;
  readonly revision: number;
  readonly state: IngestionState;
  readonly error: string | null;
  readonly steps: readonly IngestionProgress[];
  /** 0 where it has no events, because it is older than these are. */
  readonly lastEventSeq: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** A document that was added; without an ingestion there was nothing to do. */
export interface AddedDocument {
  readonly kind: 'created' | 'changed' | 'unchanged';
  readonly document: KnowledgeDocument;
  readonly ingestion: Ingestion | null;
}
