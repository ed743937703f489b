import { createLru } from '../../engine/lru.ts';
import { isBlobRef } from '../../contracts/blob.ts';
import { resolveDeep } from './resolve-value.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Journal, RunFacts, RunRef } from '../../contracts/journal.ts';
import type { Json } from '../../contracts/json.ts';
import type { Message } from '../../contracts/message.ts';

const RUNS = 1_000;
const VERSIONS = 200;
const THREADS = 50;
const RESULTS = 500;

/** Key of a run in caches. */
export function runKey(ref: RunRef): string {
  return `${ref.workspaceId}/${ref.runId}`;
}

/**
 * Reads what executors need again and again and what never changes: a run's input and version, the
 * thread behind it, results of steps that others refer to.
 */
export class RunLibrary {
  readonly #journal: Journal;
  readonly #runs = createLru<RunFacts>(RUNS);
  readonly #versions = createLru<CompiledVersion>(VERSIONS);
  readonly #threads = createLru<readonly Message[]>(THREADS);
  readonly #results = createLru<Json>(RESULTS);

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The run; its status, epoch and wish to be cancelled may be out of date. */
  async run(ref: RunRef): Promise<RunFacts> {
    return this.#runs.get(runKey(ref)) ?? this.freshRun(ref);
  }

  /** The run as it stands now. */
  async freshRun(ref: RunRef): Promise<RunFacts> {
    const facts = await this.#journal.loadRun(ref);
    this.#runs.set(runKey(ref), facts);
    return facts;
  }

  async version(run: RunFacts): Promise<CompiledVersion> {
    const key = `${run.workspaceId}/${run.versionId}`;
    const known = this.#versions.get(key);
    if (known !== undefined) return known;
    const version = await this.#journal.loadVersion(run.workspaceId, run.versionId);
    this.#versions.set(key, version);
    return version;
  }

  /** The run's input, resolved. */
  async input(run: RunFacts): Promise<Json> {
    const { input } = run;
    return isBlobRef(input) ? this.resolve(run.workspaceId, input) : input;
  }

  /** The thread's messages before the run, resolved. */
  async thread(run: RunFacts): Promise<readonly Message[]> {
    const { workspaceId, threadId, threadPosition } = run;
    if (threadId === null) return [];
    const key = `${workspaceId}/${threadId}/${threadPosition}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const stored = await this.#journal.loadMessages(workspaceId, threadId, threadPosition);
    const messages = await Promise.all(
      stored.map(async (message) => ({
        ...message,
        content: await this.resolve(workspaceId, message.content),
      })),
    );
    this.#threads.set(key, messages);
    return messages;
  }

  /** The recorded result of a step, resolved; null if it has none. */
  async result(ref: RunRef, epoch: number, stepId: string): Promise<Json> {
    const key = `${runKey(ref)}/${epoch}/${stepId}`;
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const step = await this.#journal.loadStep(ref, epoch, stepId);
    const result = await this.resolve(ref.workspaceId, step?.result ?? null);
    this.#results.set(key, result);
    return result;
  }

  /** Saves reading a result again that this process has just recorded. */
  rememberResult(ref: RunRef, step: { epoch: number; stepId: string; result: Json }): void {
    this.#results.set(`${runKey(ref)}/${step.epoch}/${step.stepId}`, step.result);
  }

  /** The value with all its references resolved. */
  async resolve(workspaceId: string, value: Json): Promise<Json> {
    return resolveDeep(this.#journal, workspaceId, value);
  }
}
