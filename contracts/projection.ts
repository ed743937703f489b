/** What projections follow. */
export const PROJECTED = ['memory', 'chunk', 'entity', 'fact'] as const;
/** What projections follow. */
export type Projected = (typeof PROJECTED)[number];

/** Something that has changed, by its id: a projection reads what it is now, or removes it. */
export interface Projection {
  readonly workspaceId: string;
  readonly subject: Projected;
  readonly subjectId: string;
  readonly op: 'upsert' | 'delete';
  /** Of the change; a projection that has it or a higher one is done. */
  readonly version: number;
}

/** A change that one worker has to apply before its claim runs out. */
export interface ClaimedProjection extends Projection {
  readonly attempt: number;
}

/** A page of changes for those who follow all of them, in the order in which they became visible. */
export interface ProjectionFeed {
  readonly items: readonly Projection[];
  /** Goes with the next request. */
  readonly cursor: string;
  /** Whether more have waited. */
  readonly more: boolean;
}
