import { expect } from '@jest/globals';
import type { IngestionEvent } from '../../contracts/ingestion-event.ts';
import type { IngestionProgress } from '../../contracts/knowledge.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';

const ENDS: readonly string[] = ['ingestion.succeeded', 'ingestion.failed', 'ingestion.cancelled'];

/**
 * The events of an ingestion that has ended, once they are seen to be what they have to be: numbered
 * 1..n, with one end, the last one; progress never shrinks and leads to the steps as they are now.
 */
export async function wholeStory(
  knowledge: KnowledgeStore,
  { workspaceId, ingestionId }: Omit<IngestionRef, 'documentId'>,
): Promise<readonly IngestionEvent[]> {
  const range = { afterSeq: 0, limit: 1_000 };
  const { items, end } = await knowledge.ingestionEvents(workspaceId, ingestionId, range);
  expect(items.map(({ seq }) => seq)).toEqual(items.map((_, index) => index + 1));
  expect(items.filter(({ type }) => ENDS.includes(type))).toEqual(items.slice(-1));
  expect(items.at(-1)?.type).toBe(`ingestion.${end}`);
  const { state, steps, lastEventSeq } = await knowledge.ingestion(workspaceId, ingestionId);
  expect([state, lastEventSeq]).toEqual([end, items.length]);
  for (const step of steps) {
    const told = stepsTold(items, step.step);
    expect(told.at(-1)).toEqual(step);
    const done = told.map((one) => one.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  }
  return items;
}

/** What the events tell of a step, in order. */
export function stepsTold(
  events: readonly IngestionEvent[],
  step: IngestionProgress['step'],
): readonly IngestionProgress[] {
  return events.flatMap(({ type, data }) =>
    type === 'ingestion.step' && data.step === step ? [data] : [],
  );
}
