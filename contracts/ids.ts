/** What an id names; it is the id's prefix, as in `run_0198c0…`. */
export const ID_PREFIXES = {
  workspace: 'ws',
  apiKey: 'key',
  agent: 'agt',
  agentVersion: 'ver',
  thread: 'thr',
  message: 'msg',
  run: 'run',
  humanTask: 'task',
  decision: 'dec',
  artifact: 'art',
  memory: 'mem',
  knowledgeBase: 'kb',
  document: 'doc',
  chunk: 'chk',
  ingestion: 'ing',
  crawl: 'crw',
  entity: 'ent',
  fact: 'fact',
  erasure: 'era',
  feedback: 'fb',
} as const;

/** The kinds of things that have ids. */
export type IdKind = keyof typeof ID_PREFIXES;

const RANDOM_BYTES = 10;
const TIME_DIGITS = 12;

/**
 * A new id: prefix, `_`, 12 hex digits of milliseconds, 20 random hex digits. Ids of one kind sort
 * by the time they were made. Uses the clock and random numbers: never call it in a workflow.
 */
export function newId(kind: IdKind): string {
  const time = Date.now().toString(16).padStart(TIME_DIGITS, '0');
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const random = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${ID_PREFIXES[kind]}_${time}${random}`;
}

/** True when the text has the shape of an id of that kind; says nothing about existence. */
export function isId(kind: IdKind, text: string): boolean {
  return new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-f]{32}$`).test(text);
}
