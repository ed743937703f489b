import type { Entity, GraphFact } from '../../../contracts/graph.ts';
import type { Parameter } from './connection.ts';
import { wordsOf } from '../../../contracts/entity-name.ts';

/** What a node has of an entity; where something is missing it is null. */
export interface EntityProperties {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly userId?: string | null;
  readonly createdAt: string;
  /** How many words its name has. */
  readonly words: number;
}

/** What a relationship has of a fact. Times are milliseconds since 1970, which compare as numbers. */
export interface FactProperties {
  readonly id: string;
  readonly version: number;
  readonly predicate: string;
  readonly text: string;
  readonly confidence: number;
  readonly userId?: string | null;
  readonly memoryId?: string | null;
  readonly runId?: string | null;
  readonly messageId?: string | null;
  readonly validAt: number;
  readonly invalidAt?: number | null;
  readonly recordedAt: number;
  readonly expiredAt?: number | null;
}

/** A fact as it is read. */
export interface FactRow {
  readonly fact: FactProperties;
  readonly source: string;
  readonly target: string;
}

/** The entity as properties. */
export function toEntityProperties(entity: Entity): Readonly<Record<string, Parameter>> {
  const { id, version, name, type, summary, userId, createdAt } = entity;
  const properties: EntityProperties = {
    ...{ id, version, name, type, summary, userId, createdAt },
    words: wordsOf(name).length,
  };
  return { ...properties };
}

/** The entity of a node. */
export function fromEntityProperties(workspaceId: string, node: EntityProperties): Entity {
  const { id, name, type, summary, userId = null, version, createdAt } = node;
  return { id, workspaceId, name, type, summary, userId, version, createdAt };
}

/** The fact as properties. */
export function toFactProperties(fact: GraphFact): Readonly<Record<string, Parameter>> {
  const { id, version, predicate, text, confidence, userId, memoryId, runId, messageId } = fact;
  const properties: FactProperties = {
    ...{ id, version, predicate, text, confidence, userId, memoryId, runId, messageId },
    validAt: Date.parse(fact.validAt),
    invalidAt: timeOf(fact.invalidAt),
    recordedAt: Date.parse(fact.recordedAt),
    expiredAt: timeOf(fact.expiredAt),
  };
  return { ...properties };
}

/** The fact of a relationship. */
export function fromFactRow(workspaceId: string, { fact, source, target }: FactRow): GraphFact {
  return {
    id: fact.id,
    version: fact.version,
    workspaceId,
    sourceId: source,
    targetId: target,
    predicate: fact.predicate,
    text: fact.text,
    confidence: fact.confidence,
    userId: fact.userId ?? null,
    memoryId: fact.memoryId ?? null,
    runId: fact.runId ?? null,
    messageId: fact.messageId ?? null,
    validAt: textOf(fact.validAt),
    invalidAt:
      fact.invalidAt === null || fact.invalidAt === undefined ? null : textOf(fact.invalidAt),
    recordedAt: textOf(fact.recordedAt),
    expiredAt:
      fact.expiredAt === null || fact.expiredAt === undefined ? null : textOf(fact.expiredAt),
  };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

function textOf(time: number): string {
  return new Date(time).toISOString();
}
