import { changedEntries, type EntrySource } from './workspace-entries.ts';
import type { GraphItem } from '../../../contracts/graph.ts';
import type { GraphRemoval, KnowledgeGraph } from '../../../adapters/knowledge-graph/port.ts';
import type { GraphStore } from '../../../db/stores/graph-store.ts';
import type { MemoryIndex } from '../../../adapters/memory-index/port.ts';
import type { ClaimedProjection } from '../../../contracts/projection.ts';
import type { ProjectionTarget } from './outbox-worker.ts';

/** A shared index. What it is told is what the database has now: order and repetition are harmless. */
export function indexTarget(index: MemoryIndex, source: EntrySource): ProjectionTarget {
  return {
    name: 'memory index',
    subjects: ['memory', 'chunk'],
    apply: async (workspaceId, claims) => {
      for (const subject of ['memory', 'chunk'] as const) {
        const ids = idsOf(claims, subject);
        if (ids.length === 0) continue;
        const { entries, gone } = await changedEntries(source, workspaceId, { subject, ids });
        await index.upsert(workspaceId, entries);
        await index.remove(workspaceId, gone);
      }
    },
  };
}

/** A graph outside of the database. */
export function graphTarget(
  graph: KnowledgeGraph,
  store: Pick<GraphStore, 'getEntities' | 'factHistory'>,
): ProjectionTarget {
  return {
    name: 'knowledge graph',
    subjects: ['entity', 'fact'],
    apply: async (workspaceId, claims) => {
      const entities = await store.getEntities(workspaceId, idsOf(claims, 'entity'));
      const items: GraphItem[] = entities.map((entity) => ({ kind: 'entity', entity }));
      for (const id of idsOf(claims, 'fact')) {
        const versions = await store.factHistory(workspaceId, id);
        items.push(...versions.map((fact): GraphItem => ({ kind: 'fact', fact })));
      }
      await graph.apply(workspaceId, items);
      await graph.remove(workspaceId, removals(claims, items));
    },
  };
}

/** Nothing outside has to be told: each process follows the changes by itself. */
export function noTarget(subjects: ProjectionTarget['subjects']): ProjectionTarget {
  return { name: 'nothing', subjects, apply: () => Promise.resolve() };
}

function removals(
  claims: readonly ClaimedProjection[],
  items: readonly GraphItem[],
): readonly GraphRemoval[] {
  const known = new Set(
    items.map((item) => (item.kind === 'fact' ? item.fact.id : item.entity.id)),
  );
  return claims.flatMap(({ subject, subjectId, version }) =>
    (subject !== 'entity' && subject !== 'fact') || known.has(subjectId)
      ? []
      : [{ kind: subject, id: subjectId, version }],
  );
}

function idsOf(
  claims: readonly ClaimedProjection[],
  subject: ClaimedProjection['subject'],
): readonly string[] {
  return claims.flatMap((claim) => (claim.subject === subject ? [claim.subjectId] : []));
}
