import { TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { RUN_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { RunStart } from '../contracts/run-control.ts';

/** What operators can list and count runs by in Temporal; never secret, never a person's data. */
export const SEARCH_ATTRIBUTES = {
  agent: defineSearchAttributeKey(RUN_ATTRIBUTES.agent, 'KEYWORD'),
  version: defineSearchAttributeKey(RUN_ATTRIBUTES.version, 'KEYWORD'),
  workspace: defineSearchAttributeKey(RUN_ATTRIBUTES.workspace, 'KEYWORD'),
  status: defineSearchAttributeKey(RUN_ATTRIBUTES.status, 'KEYWORD'),
} as const;

/** The names to register with a server; all are of type Keyword. */
export const SEARCH_ATTRIBUTE_NAMES: readonly string[] = Object.values(SEARCH_ATTRIBUTES).map(
  (key) => key.name,
);

/** The search attributes that a run starts with. */
export function runSearchAttributes(run: RunStart): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: SEARCH_ATTRIBUTES.agent, value: run.agentName },
    { key: SEARCH_ATTRIBUTES.version, value: run.version },
    { key: SEARCH_ATTRIBUTES.workspace, value: run.workspaceId },
    { key: SEARCH_ATTRIBUTES.status, value: 'running' },
  ]);
}
