import type { DocumentState, IngestionState, IngestionStep } from '../contracts/knowledge.ts';
import type { IngestionEventDraft, IngestionEventType } from '../contracts/ingestion-event.ts';
import type { JsonColumn, Nullable, NullableTimeColumn, TimeColumn } from './columns.ts';
import type { ColumnType, Generated } from 'kysely';

interface KnowledgeBasesTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: TimeColumn;
}

interface DocumentsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly knowledge_base_id: string;
  readonly source: string;
  readonly title: string;
  readonly media_type: string;
  /** Never updated: indexes know of the owner by the pieces, which would have to be noted again. */
  readonly user_id: ColumnType<string | null, string | null, never>;
  readonly state: Generated<DocumentState>;
  readonly error: Nullable<string>;
  readonly content_hash: string;
  readonly size_bytes: number;
  readonly revision: Generated<number>;
  readonly chunks: Generated<number>;
  readonly created_at: TimeColumn;
  readonly updated_at: TimeColumn;
}

interface DocumentContentsTable {
  readonly workspace_id: string;
  readonly document_id: string;
  readonly content: Buffer;
}

interface ChunksTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly document_id: string;
  readonly position: number;
  readonly page: number | null;
  readonly start_at: number;
  readonly end_at: number;
  readonly headings: readonly string[];
  readonly text: string;
  readonly hash: string;
  readonly version: Generated<number>;
}

interface ChunkVectorsTable {
  readonly workspace_id: string;
  readonly chunk_id: string;
  readonly embedder: string;
  readonly revision: string;
  readonly dim: number;
  /** Little-endian f32. */
  readonly vector: Buffer;
}

interface IngestionsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly document_id: string;
  readonly revision: number;
  readonly state: Generated<IngestionState>;
  readonly error: Nullable<string>;
  readonly started_at: TimeColumn;
  readonly ended_at: NullableTimeColumn;
  /** The number of its last event. */
  readonly events: Generated<number>;
}

interface IngestionEventsTable {
  readonly workspace_id: string;
  readonly ingestion_id: string;
  readonly seq: number;
  readonly type: IngestionEventType;
  readonly data: JsonColumn<IngestionEventDraft['data']>;
  readonly created_at: TimeColumn;
}

interface IngestionStepsTable {
  readonly workspace_id: string;
  readonly ingestion_id: string;
  readonly step: IngestionStep;
  readonly state: IngestionState;
  readonly done: number;
  readonly total: number | null;
  readonly updated_at: TimeColumn;
}

interface EntitiesTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly name: string;
  readonly name_key: string;
  readonly type: string;
  readonly summary: string;
  readonly user_id: string | null;
  /** How many different words its name has. */
  readonly words: number;
  readonly version: Generated<number>;
  readonly created_at: TimeColumn;
}

interface EntityWordsTable {
  readonly workspace_id: string;
  readonly word: string;
  readonly entity_id: string;
}

interface FactsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly version: number;
  readonly src: string;
  readonly dst: string;
  readonly predicate: string;
  readonly text: string;
  readonly confidence: number;
  readonly user_id: string | null;
  readonly memory_id: string | null;
  readonly run_id: string | null;
  readonly message_id: string | null;
  /** Makes recording it repeatable. */
  readonly key: string | null;
  readonly valid_at: TimeColumn;
  readonly invalid_at: NullableTimeColumn;
  readonly recorded_at: TimeColumn;
  readonly expired_at: NullableTimeColumn;
}

/** Tables of knowledge bases and of the graph by their names. */
export interface KnowledgeTables {
  readonly knowledge_bases: KnowledgeBasesTable;
  readonly documents: DocumentsTable;
  readonly document_contents: DocumentContentsTable;
  readonly chunks: ChunksTable;
  readonly chunk_vectors: ChunkVectorsTable;
  readonly ingestions: IngestionsTable;
  readonly ingestion_steps: IngestionStepsTable;
  readonly ingestion_events: IngestionEventsTable;
  readonly kg_entities: EntitiesTable;
  readonly kg_entity_words: EntityWordsTable;
  readonly kg_facts: FactsTable;
}
