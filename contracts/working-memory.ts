import type { Json } from './json.ts';

/** Whose values they are: those of a run or of a thread. */
export type WorkingMemoryOwner = { readonly runId: string } | { readonly threadId: string };

/** A value of a working memory; it is gone an hour after its last use. */
export interface WorkingValue {
  readonly key: string;
  readonly value: Json;
  readonly sizeBytes: number;
  readonly updatedAt: string;
  readonly expiresAt: string;
}

/** All that a run or a thread has in mind, and how much of its room that takes. */
export interface WorkingMemory {
  readonly items: readonly WorkingValue[];
  readonly sizeBytes: number;
  readonly limitBytes: number;
}
