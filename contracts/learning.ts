import type { MemoryKind, MemoryOrigin } from './memory.ts';

/**
 * How far learning from a run is. `extracted`: what is to be learnt is written down, so that it is
 * asked for once; `skipped`: there was nothing to learn, or the person was erased meanwhile.
 */
export const LEARNING_STATES = ['pending', 'extracted', 'learned', 'skipped'] as const;
/** How far learning from a run is. */
export type LearningState = (typeof LEARNING_STATES)[number];

/** A relation that a text tells of. */
export interface LearntRelation {
  readonly source: { readonly name: string; readonly type: string };
  readonly predicate: string;
  readonly target: { readonly name: string; readonly type: string };
}

/** Something that is to be learnt from a run. */
export interface LearntDraft {
  readonly kind: MemoryKind;
  readonly text: string;
  readonly importance: number;
  readonly origin: MemoryOrigin;
  /** Memories that are no more so because of it. */
  readonly contradicts: readonly string[];
  readonly relations: readonly LearntRelation[];
  /** The message that it was learnt from. */
  readonly messageId: string | null;
}

/** What became of a draft; texts are in the memories alone. */
export interface LearningOutcome {
  readonly kind: string;
  readonly memoryId: string | null;
  /** Why it was not written. */
  readonly reason: string | null;
}

/** What is, or was, learnt from a run. */
export interface Learning {
  readonly runId: string;
  readonly state: LearningState;
  readonly userId: string | null;
  /** Present from its extraction until it is learnt. */
  readonly drafts: readonly LearntDraft[] | null;
  /** One for each draft, and for what was taken for junk. */
  readonly outcomes: readonly LearningOutcome[];
  /** Why it was skipped. */
  readonly reason: string | null;
  readonly updatedAt: string;
}
