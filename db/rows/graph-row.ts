import type { Entity, GraphFact } from '../../contracts/graph.ts';
import { sql, type RawBuilder } from 'kysely';

/** An entity as it is read. */
export interface EntityRow {
  readonly workspace_id: string;
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly user_id: string | null;
  readonly version: number;
  readonly created_at: Date;
}

/** A version of a fact as it is read. */
export interface FactRow {
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
  readonly valid_at: Date;
  readonly invalid_at: Date | null;
  readonly recorded_at: Date;
  readonly expired_at: Date | null;
}

/** Columns of an `EntityRow`; `e` is the entity. */
export const ENTITY_COLUMNS: RawBuilder<EntityRow> = sql`
  e.workspace_id, e.id, e.name, e.type, e.summary, e.user_id, e.version, e.created_at`;

/** Columns of a `FactRow`; `f` is the fact. */
export const FACT_COLUMNS: RawBuilder<FactRow> = sql`
  f.workspace_id, f.id, f.version, f.src, f.dst, f.predicate, f.text, f.confidence, f.user_id,
  f.memory_id, f.run_id, f.message_id, f.valid_at, f.invalid_at, f.recorded_at, f.expired_at`;

/** The row as an entity. */
export function entityFromRow(row: EntityRow): Entity {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    type: row.type,
    summary: row.summary,
    userId: row.user_id,
    version: row.version,
    createdAt: row.created_at.toISOString(),
  };
}

/** The row as a fact. */
export function factFromRow(row: FactRow): GraphFact {
  return {
    id: row.id,
    version: row.version,
    workspaceId: row.workspace_id,
    sourceId: row.src,
    targetId: row.dst,
    predicate: row.predicate,
    text: row.text,
    confidence: row.confidence,
    userId: row.user_id,
    memoryId: row.memory_id,
    runId: row.run_id,
    messageId: row.message_id,
    validAt: row.valid_at.toISOString(),
    invalidAt: row.invalid_at?.toISOString() ?? null,
    recordedAt: row.recorded_at.toISOString(),
    expiredAt: row.expired_at?.toISOString() ?? null,
  };
}
