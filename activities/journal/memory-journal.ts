import type { Journal, RunFacts, RunRef } from '../../contracts/journal.ts';
import { isBlobRef, type Value } from '../../contracts/blob.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import { createHash } from 'node:crypto';
import { largeValueText } from '../../contracts/value-size.ts';
import { MemoryRun } from './memory-run.ts';
import type { Message } from '../../contracts/message.ts';

/** What a journal in memory begins with. */
export interface MemoryJournalSeed {
  readonly versions: readonly CompiledVersion[];
  readonly runs: readonly RunFacts[];
  /** Messages by thread. */
  readonly messages?: Readonly<Record<string, readonly Message[]>>;
}

/** A journal in memory, and a look at what it holds. */
export interface MemoryJournal extends Journal {
  addRun(facts: RunFacts): void;
  /** The run's whole journal; throws `run.not_found`. */
  run(
    ref: RunRef,
  ): Pick<MemoryRun, 'facts' | 'output' | 'error' | 'usage' | 'events' | 'tasks' | 'tokens'>;
  messages(threadId: string): readonly Message[];
}

/** Keeps runs of one process for its lifetime. Values are kept as they are: do not change them. */
export function createMemoryJournal(seed: MemoryJournalSeed): MemoryJournal {
  const versions = new Map(seed.versions.map((version) => [nameOf(version), version]));
  const threads = new Map(Object.entries(seed.messages ?? {}));
  const runs = new Map<string, MemoryRun>();
  const blobs = createMemoryBlobs();

  const runOf = ({ workspaceId, runId }: RunRef): MemoryRun => {
    const run = runs.get(nameOf({ workspaceId, id: runId }));
    if (run === undefined) throw new AppError('run.not_found', `there is no run ${runId}`);
    return run;
  };
  const addRun = (facts: RunFacts): void => {
    runs.set(nameOf({ workspaceId: facts.workspaceId, id: facts.runId }), new MemoryRun(facts));
  };
  const messages = (threadId: string): readonly Message[] => threads.get(threadId) ?? [];
  seed.runs.forEach(addRun);

  return {
    ...blobs,
    addRun,
    messages,
    run: runOf,
    loadRun: async (ref) => runOf(ref).facts,
    loadVersion: async (workspaceId, id) => {
      const version = versions.get(nameOf({ workspaceId, id }));
      if (version !== undefined) return version;
      throw new AppError('agent.version_not_found', `there is no agent version ${id}`);
    },
    loadSteps: async (ref, epoch) => runOf(ref).steps(epoch),
    loadStep: async (ref, epoch, stepId) => runOf(ref).step(epoch, stepId),
    loadMessages: async (_workspaceId, threadId, upTo) => messages(threadId).slice(0, upTo),
    loadDeltas: async (ref, epoch, ranges) => runOf(ref).deltas(epoch, ranges),
    reserve: async (reservation) => runOf(reservation).reserve(reservation),
    commit: async (unit) => {
      const run = runOf(unit);
      const result = run.commit(unit);
      const { threadId } = run.facts;
      if (result.kind === 'committed' && threadId !== null && unit.end !== undefined) {
        threads.set(threadId, [...messages(threadId), ...unit.end.messages]);
      }
      return result;
    },
    settle: async (ref, taskId, by) => runOf(ref).settle(taskId, by),
    appendToken: (chunk) => runOf(chunk).appendToken(chunk),
  };
}

function createMemoryBlobs(): Pick<Journal, 'putValue' | 'getValue'> {
  const blobs = new Map<string, Value>();
  return {
    putValue: async (workspaceId, value) => {
      const text = largeValueText(value);
      if (text === null) return value;
      const sha256 = createHash('sha256').update(text).digest('hex');
      blobs.set(nameOf({ workspaceId, id: sha256 }), value);
      return { $blob: sha256, sizeBytes: Buffer.byteLength(text) };
    },
    getValue: async (workspaceId, value) => {
      if (!isBlobRef(value)) return value;
      const found = blobs.get(nameOf({ workspaceId, id: value.$blob }));
      if (found !== undefined) return found;
      throw new AppError('blob.not_found', 'a stored value that is referred to does not exist');
    },
  };
}

function nameOf({
  workspaceId,
  id,
}: {
  readonly workspaceId: string;
  readonly id: string;
}): string {
  return `${workspaceId} ${id}`;
}
