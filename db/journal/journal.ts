import { loadDeltas, loadMessages, loadRun, loadStep, loadSteps } from './reading.ts';
import { getValue, putValue } from './values.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import { createCommitter } from './committer.ts';
import { createRecentCache } from '../recent-cache.ts';
import { createTokenBuffer } from './token-buffer.ts';
import type { Database } from '../database.ts';
import type { Journal } from '../../contracts/journal.ts';
import { loadVersion } from '../load-version.ts';
import { reserve } from './reserve.ts';
import { settle } from './settle.ts';

const CACHED_VERSIONS = 200;

/** The journal on PostgreSQL; one per process. Disposing of it waits for what is being written. */
export function createJournal(database: Database): Journal & AsyncDisposable {
  const committer = createCommitter(database);
  const tokens = createTokenBuffer(database);
  const versions = createRecentCache<CompiledVersion>(CACHED_VERSIONS);
  return {
    loadRun: (ref) => loadRun(database, ref),
    loadVersion: (workspaceId, versionId) =>
      versions.get(`${workspaceId} ${versionId}`, () =>
        loadVersion(database.kysely, workspaceId, versionId),
      ),
    loadSteps: (ref, epoch) => loadSteps(database, ref, epoch),
    loadStep: (ref, epoch, stepId) => loadStep(database, ref, { epoch, stepId }),
    loadMessages: (workspaceId, threadId, upTo) =>
      loadMessages(database, { workspaceId, threadId, upTo }),
    loadDeltas: (ref, epoch, ranges) => loadDeltas(database, ref, { epoch, ranges }),
    reserve: (reservation) => reserve(database, reservation),
    commit: (unit) => {
      const stepId = unit.step?.call.stepId;
      const flush = stepId === undefined ? null : tokens.flushStep(unit.runId, stepId);
      // Handed over in this turn where there is no text: units keep the order of their calls.
      return flush === null ? committer.add(unit) : flush.then(() => committer.add(unit));
    },
    settle: (ref, taskId, by) => settle(database, { ref, taskId, by }),
    appendToken: (chunk) => tokens.append(chunk),
    putValue: (workspaceId, value) => putValue(database, workspaceId, value),
    getValue: (workspaceId, value) => getValue(database, workspaceId, value),
    [Symbol.asyncDispose]: async () => {
      await tokens[Symbol.asyncDispose]();
      await committer[Symbol.asyncDispose]();
    },
  };
}
