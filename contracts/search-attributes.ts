/** Names of the search attributes that operators find runs by in Temporal; all are Keywords. */
export const RUN_ATTRIBUTES = {
  agent: 'HoldfastAgent',
  version: 'HoldfastVersion',
  workspace: 'HoldfastWorkspace',
  /** Of an open run: `running`, or `waiting` while a person is asked. Temporal knows how it closed. */
  status: 'HoldfastStatus',
} as const;
