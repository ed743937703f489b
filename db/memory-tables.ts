import type { ColumnType, Generated } from 'kysely';
import type {
  JsonColumn,
  Nullable,
  NullableJsonColumn,
  NullableTimeColumn,
  TimeColumn,
} from './columns.ts';
import type {
  ErasedCounts,
  MemoryChange,
  MemoryKind,
  MemoryOrigin,
  MemoryScope,
  MemoryStatus,
} from '../contracts/memory.ts';
import type { FeedbackKind } from '../contracts/feedback.ts';
import type { Json } from '../contracts/json.ts';
import type { LearningOutcome, LearningState, LearntDraft } from '../contracts/learning.ts';
import type { Projected, Projection } from '../contracts/projection.ts';

interface MemoriesTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly kind: MemoryKind;
  readonly scope: MemoryScope;
  readonly user_id: string | null;
  readonly agent_id: string | null;
  readonly thread_id: string | null;
  readonly thread_position: Nullable<number>;
  readonly text: string;
  /** Of the text as it is compared; null once it is deleted. */
  readonly text_hash: string | null;
  readonly importance: number;
  readonly stability_ms: number;
  readonly last_access_at: TimeColumn;
  readonly access_count: Generated<number>;
  readonly touches: ColumnType<readonly Date[], never, never>;
  readonly forget_at: TimeColumn;
  readonly valid_at: TimeColumn;
  readonly invalid_at: NullableTimeColumn;
  readonly superseded_by: Nullable<string>;
  readonly status: Generated<MemoryStatus>;
  readonly pinned: Generated<boolean>;
  readonly legal_hold: Generated<boolean>;
  readonly origin: MemoryOrigin;
  readonly trusted: boolean;
  readonly run_id: string | null;
  readonly step_id: string | null;
  readonly message_id: string | null;
  /** Makes writing it repeatable. */
  readonly key: string | null;
  readonly version: Generated<number>;
  readonly created_at: TimeColumn;
  readonly updated_at: TimeColumn;
  readonly delete_at: NullableTimeColumn;
  readonly due_at: ColumnType<Date | null, never, never>;
}

interface MemoryHistoryTable {
  readonly workspace_id: string;
  readonly memory_id: string;
  readonly version: number;
  readonly change: MemoryChange;
  readonly text: string | null;
  readonly actor: string;
  readonly why: string;
  readonly at: TimeColumn;
}

interface MemorySourcesTable {
  readonly workspace_id: string;
  readonly memory_id: string;
  readonly source_id: string;
}

interface MemoryVectorsTable {
  readonly workspace_id: string;
  readonly memory_id: string;
  readonly embedder: string;
  readonly revision: string;
  readonly dim: number;
  /** Little-endian f32. */
  readonly vector: Buffer;
}

interface MemoryUsageTable {
  readonly workspace_id: string;
  readonly active: Generated<number>;
  readonly max_active: Nullable<number>;
}

interface ProjectionOutboxTable {
  readonly workspace_id: string;
  readonly subject: Projected;
  readonly subject_id: string;
  readonly op: Projection['op'];
  readonly version: number;
  readonly seq: Generated<number>;
  /** Of the transaction that changed it: followers wait until all older ones have ended. */
  readonly xid: Generated<string>;
  readonly changed_at: TimeColumn;
  readonly done_at: NullableTimeColumn;
  readonly claimed_until: NullableTimeColumn;
  readonly attempts: Generated<number>;
  readonly last_error: Nullable<string>;
  readonly erasure_id: Nullable<string>;
}

interface ErasuresTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly subject_hash: string;
  readonly erased: JsonColumn<ErasedCounts>;
  readonly held: number;
  readonly remaining: number;
  readonly actor: string;
  readonly at: TimeColumn;
}

interface WorkingMemoryTable {
  readonly workspace_id: string;
  readonly run_id: Nullable<string>;
  readonly thread_id: Nullable<string>;
  readonly owner_id: ColumnType<string, never, never>;
  readonly key: string;
  readonly user_id: Nullable<string>;
  readonly value: JsonColumn<Json>;
  readonly size_bytes: number;
  readonly updated_at: TimeColumn;
  readonly expires_at: TimeColumn;
}

interface FeedbackTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly thread_id: string;
  readonly message_id: string;
  readonly run_id: Nullable<string>;
  readonly user_id: Nullable<string>;
  readonly kind: FeedbackKind;
  readonly value: JsonColumn<Json>;
  readonly comment: string;
  readonly memory_id: Nullable<string>;
  readonly actor: string;
  readonly created_at: TimeColumn;
}

interface EmbeddingCacheTable {
  readonly workspace_id: string;
  readonly embedder_set: string;
  readonly use: 'query' | 'document';
  /** SHA-256 of the text. */
  readonly hash: Buffer;
  /** Little-endian f32. */
  readonly vector: Buffer;
  readonly last_used_at: TimeColumn;
}

interface LearningsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly user_id: Nullable<string>;
  readonly state: LearningState;
  readonly drafts: NullableJsonColumn<readonly LearntDraft[]>;
  readonly outcomes: JsonColumn<readonly LearningOutcome[]>;
  readonly reason: Nullable<string>;
  readonly updated_at: TimeColumn;
}

/** Tables of memories by their names. */
export interface MemoryTables {
  readonly memories: MemoriesTable;
  readonly memory_history: MemoryHistoryTable;
  readonly memory_sources: MemorySourcesTable;
  readonly memory_vectors: MemoryVectorsTable;
  readonly memory_usage: MemoryUsageTable;
  readonly projection_outbox: ProjectionOutboxTable;
  readonly erasures: ErasuresTable;
  readonly working_memory: WorkingMemoryTable;
  readonly embedding_cache: EmbeddingCacheTable;
  readonly feedback: FeedbackTable;
  readonly learnings: LearningsTable;
}
