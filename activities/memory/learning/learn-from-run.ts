import { extract, rawEpisodes } from './extract.ts';
import { junkReason } from './junk.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { NO_MEMORY, type LearnPolicy } from '../../../contracts/memory-policy.ts';
import { ownedBy, usualScope } from '../../tools/memory/remember-tool.ts';
import { toTurn, type Turn } from './turn.ts';
import type { AgentStore } from '../../../db/stores/agent-store.ts';
import type { ChatModels } from '../../../adapters/models/port.ts';
import type { GraphStore } from '../../../db/stores/graph-store.ts';
import type { Journal, RunRef } from '../../../contracts/journal.ts';
import type { Learned, MemoryDraft, RecallOwner } from '../../../contracts/recall.ts';
import type { LearningOutcome, LearntDraft } from '../../../contracts/learning.ts';
import type { LearningStore } from '../../../db/stores/learning-store.ts';
import type { MemoryScope } from '../../../contracts/memory.ts';
import type { MemoryService } from '../memory-service.ts';
import type { MemoryStore } from '../../../db/stores/memory-store.ts';
import type { ModelSpec } from '../../../contracts/agent-spec.ts';
import type { Run } from '../../../contracts/records.ts';
import type { RunStore } from '../../../db/stores/run-store.ts';

/** What learning works with. */
export interface LearningDeps {
  readonly runs: Pick<RunStore, 'get'>;
  readonly agents: Pick<AgentStore, 'getVersionById'>;
  readonly journal: Pick<Journal, 'getValue'>;
  readonly learnings: LearningStore;
  readonly memory: Pick<MemoryService, 'recall' | 'remember'>;
  readonly memories: Pick<MemoryStore, 'delete'>;
  readonly graph: Pick<GraphStore, 'putEntities' | 'record'>;
  readonly models: ChatModels;
  /** The installation's model; null: it has none, and episodes are kept as they were said. */
  readonly model: ModelSpec | null;
}

/** Moments between which a worker may die; tests let it. */
export type LearningMoment = 'after-extract' | 'after-remember';

/** How learning is watched and stopped. */
export interface LearningOptions {
  readonly signal: AbortSignal;
  readonly crash?: (moment: LearningMoment) => void;
}

const KNOWN = 20;
const AUTHOR = { actor: 'learning', why: 'learnt from a run' };

/**
 * Learns from a run that has succeeded. Each step is kept before the next begins: repeated after a
 * crash it asks no model again and writes no memory twice. Answers with how many were written.
 */
export async function learnFromRun(
  deps: LearningDeps,
  ref: RunRef,
  options: LearningOptions,
): Promise<number> {
  const run = await deps.runs.get(ref.workspaceId, ref.runId);
  const version = await deps.agents.getVersionById(ref.workspaceId, run.versionId);
  const { learn, scopes } = version.graph.memory ?? NO_MEMORY;
  if (learn === null) return 0;
  const begun = await deps.learnings.begin(ref, run.userId);
  if (begun.state === 'learned' || begun.state === 'skipped') return written(begun.outcomes);
  const scope = scopeOf(run, learn);
  if (!scopes.includes(scope)) {
    const reason = `the agent may not write memories of scope ${scope}`;
    await deps.learnings.end(ref, { state: 'skipped', reason });
    return 0;
  }
  const drafts = begun.drafts ?? (await extractFrom(deps, { run, learn, options }));
  if (drafts.length === 0) {
    await deps.learnings.end(ref, { state: 'skipped', reason: 'there was nothing to learn' });
    return 0;
  }
  options.crash?.('after-extract');
  const outcomes = await rememberDrafts(deps, { run, learn, drafts });
  options.crash?.('after-remember');
  return await settle(deps, ref, outcomes);
}

interface Learner {
  readonly run: Run;
  readonly learn: LearnPolicy;
}

async function extractFrom(
  deps: LearningDeps,
  { run, learn, options }: Learner & { readonly options: LearningOptions },
): Promise<readonly LearntDraft[]> {
  const ref = { workspaceId: run.workspaceId, runId: run.id };
  const turn = toTurn(
    {
      input: await deps.journal.getValue(run.workspaceId, run.input),
      output: await deps.journal.getValue(run.workspaceId, run.output ?? null),
    },
    await deps.learnings.messages(ref),
  );
  const model = learningModel(learn, deps.model);
  const drafts =
    model === null
      ? rawEpisodes(turn)
      : await extract(deps.models, {
          ...{ turn, model, signal: options.signal },
          known: await knownTo(deps, { run, learn }, turn),
        });
  // Of two workers that asked at once one has written first: its drafts count.
  if (drafts.length > 0 && !(await deps.learnings.extracted(ref, drafts))) {
    return (await deps.learnings.get(ref))?.drafts ?? [];
  }
  return drafts;
}

/** `default` is nobody where the installation has no model and no script plays for it. */
function learningModel({ model }: LearnPolicy, installed: ModelSpec | null): ModelSpec | null {
  if (model === null) return installed;
  const isNobody = model.provider === 'default' && (model.script ?? []).length === 0;
  return isNobody && installed === null ? null : model;
}

/** Of the owner alone whom it is learnt for: what others remember is not this run's to end. */
async function knownTo(deps: LearningDeps, { run, learn }: Learner, turn: Turn) {
  const text = turn.user.text.slice(0, LIMITS.recallChars);
  if (text === '') return [];
  const { hits } = await deps.memory.recall(run.workspaceId, {
    ...{ text, owner: ownerOf(run), limit: KNOWN },
    scopes: [scopeOf(run, learn)],
  });
  return hits.map(({ memory }) => memory);
}

function ownerOf(run: Run): RecallOwner {
  return { userId: run.userId, agentId: run.agentId, threadId: run.threadId };
}

async function rememberDrafts(
  deps: LearningDeps,
  { run, learn, drafts }: Learner & { readonly drafts: readonly LearntDraft[] },
): Promise<readonly LearningOutcome[]> {
  const judged = drafts.map((draft) => ({ draft, junk: junkReason(draft.text) }));
  const kept = judged.flatMap(({ draft, junk }, at) => (junk === null ? [{ draft, at }] : []));
  const learned = await deps.memory.remember(
    run.workspaceId,
    kept.map(({ draft, at }) => toMemory(draft, { run, learn, at })),
    AUTHOR,
  );
  for (const [index, { draft, at }] of kept.entries()) {
    await relate(deps, { run, draft, at, learned: learned[index] });
  }
  const results = new Map(kept.map(({ at }, index) => [at, learned[index]]));
  return judged.map(({ junk }, at) => toOutcome(junk, results.get(at)));
}

/** Whom it is learnt for: a run that has no such person or thread learns as if nobody was named. */
function scopeOf(run: Run, { scope }: LearnPolicy): MemoryScope {
  const isMissing = scope === 'user' || (scope === 'thread' && run.threadId === null);
  return isMissing ? usualScope(ownerOf(run)) : scope;
}

function toMemory(
  draft: LearntDraft,
  { run, learn, at }: Learner & { readonly at: number },
): MemoryDraft {
  const { kind, text, importance, origin, contradicts, messageId } = draft;
  return {
    ...{ kind, text, importance, origin, contradicts, messageId },
    ...ownedBy(scopeOf(run, learn), ownerOf(run)),
    threadId: run.threadId,
    runId: run.id,
    key: `learn:${run.id}:${at}`,
  };
}

async function relate(
  { graph }: LearningDeps,
  made: {
    readonly run: Run;
    readonly draft: LearntDraft;
    readonly at: number;
    readonly learned: Learned | undefined;
  },
): Promise<void> {
  const { run, draft, at, learned } = made;
  if (learned === undefined || learned.kind === 'refused') return;
  const person = run.userId === null ? {} : { userId: run.userId };
  for (const [index, { source, predicate, target }] of draft.relations.entries()) {
    const ends = [source, target].map((end) => ({ ...end, ...person }));
    const [from, to] = await graph.putEntities(run.workspaceId, ends);
    if (from === undefined || to === undefined) continue;
    await graph.record(run.workspaceId, {
      ...{ sourceId: from.id, targetId: to.id, predicate, text: draft.text, ...person },
      ...{ memoryId: learned.memory.id, runId: run.id },
      ...(draft.messageId === null ? {} : { messageId: draft.messageId }),
      key: `learn:${run.id}:${at}:${index}`,
    });
  }
}

function toOutcome(junk: string | null, learned: Learned | undefined): LearningOutcome {
  if (junk !== null || learned === undefined) {
    return { kind: 'refused', memoryId: null, reason: junk ?? 'nothing came of it' };
  }
  if (learned.kind === 'refused') {
    return { kind: 'refused', memoryId: null, reason: `${learned.code}: ${learned.reason}` };
  }
  return { kind: learned.kind, memoryId: learned.memory.id, reason: null };
}

/** What was written for a person who was erased meanwhile goes too. */
async function settle(
  deps: LearningDeps,
  ref: RunRef,
  outcomes: readonly LearningOutcome[],
): Promise<number> {
  await deps.learnings.end(ref, { state: 'learned', outcomes });
  const standing = await deps.learnings.get(ref);
  if (standing?.state === 'learned') return written(outcomes);
  const ids = outcomes.flatMap(({ kind, memoryId }) =>
    memoryId === null || !WRITTEN.includes(kind) ? [] : [memoryId],
  );
  await deps.memories.delete(ref.workspaceId, ids, {
    actor: 'erasure',
    why: 'the person was erased',
  });
  return 0;
}

const WRITTEN: readonly string[] = ['created', 'superseded', 'existing'];

function written(outcomes: readonly LearningOutcome[]): number {
  return outcomes.filter(({ kind }) => WRITTEN.includes(kind)).length;
}
