import type { Migration } from 'kysely';
import * as tenants from './0001-tenants.ts';
import * as agents from './0002-agents.ts';
import * as runs from './0003-runs.ts';
import * as journal from './0004-journal.ts';
import * as journalCommit from './0005-journal-commit.ts';
import * as journalReserve from './0006-journal-reserve.ts';
import * as journalCommitSteps from './0007-journal-commit-steps.ts';
import * as outputPieces from './0009-output-pieces.ts';
import * as runLooks from './0010-run-looks.ts';
import * as files from './0011-files.ts';
import * as sandboxes from './0012-sandboxes.ts';
import * as journalCommitPlain from './0013-journal-commit-plain.ts';
import * as journalKeys from './0014-journal-keys.ts';
import * as deniedCalls from './0015-denied-calls.ts';
import * as sandboxLevel from './0015-sandbox-level.ts';
import * as memory from './0016-memory.ts';
import * as knowledge from './0017-knowledge.ts';
import * as graph from './0018-graph.ts';
import * as embeddingCache from './0019-embedding-cache.ts';
import * as feedback from './0020-feedback.ts';
import * as runUsers from './0021-run-users.ts';
import * as learnings from './0022-learnings.ts';
import * as ingestionEvents from './0023-ingestion-events.ts';
import * as crawls from './0024-crawls.ts';
import * as crawlDelays from './0025-crawl-delays.ts';

/** Every migration by its name; names sort in the order in which they run. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-tenants': tenants,
  '0002-agents': agents,
  '0003-runs': runs,
  '0004-journal': journal,
  '0005-journal-commit': journalCommit,
  '0006-journal-reserve': journalReserve,
  '0007-journal-commit-steps': journalCommitSteps,
  '0009-output-pieces': outputPieces,
  '0010-run-looks': runLooks,
  '0011-files': files,
  '0012-sandboxes': sandboxes,
  '0013-journal-commit-plain': journalCommitPlain,
  '0014-journal-keys': journalKeys,
  '0015-denied-calls': deniedCalls,
  '0015-sandbox-level': sandboxLevel,
  '0016-memory': memory,
  '0017-knowledge': knowledge,
  '0018-graph': graph,
  '0019-embedding-cache': embeddingCache,
  '0020-feedback': feedback,
  '0021-run-users': runUsers,
  '0022-learnings': learnings,
  '0023-ingestion-events': ingestionEvents,
  '0024-crawls': crawls,
  '0025-crawl-delays': crawlDelays,
};
