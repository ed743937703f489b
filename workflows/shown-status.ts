import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { RUN_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { Frontier } from '../contracts/frontier.ts';

/** What operators read of an open run. */
export type ShownStatus = 'running' | 'waiting';

const STATUS = defineSearchAttributeKey(RUN_ATTRIBUTES.status, 'KEYWORD');

/** The status of a run that stands there; one that begins runs. */
export function shownStatus(frontier: Frontier | null): ShownStatus {
  const waits = frontier?.tokens.some((token) => token.waitingFor !== undefined) === true;
  return waits ? 'waiting' : 'running';
}

/** Tells Temporal when a run begins to wait for people, or goes on; answers with what it shows. */
export function showStatus(frontier: Frontier, shown: ShownStatus): ShownStatus {
  const status = shownStatus(frontier);
  // Each change is an event of the history: a run that never waits has none.
  if (status !== shown) upsertSearchAttributes([{ key: STATUS, value: status }]);
  return status;
}
