import type { Retention } from '../port.ts';

/** The factor of what is forgotten. */
export const FLOOR = 0.3;
/** What remembering all of it adds. */
export const SPAN = 1.2;

/** What is left of an entry at a moment, from 0 to 1; all of it where nothing is known of its use. */
export function retained(retention: Retention | null, at: number): number {
  if (retention === null || retention.stabilityMs <= 0) return 1;
  return Math.exp(-Math.max(0, at - retention.lastAccessAt) / retention.stabilityMs);
}

/** The factor of a score: what fades sinks, and never vanishes. */
export function retentionFactor(retention: Retention | null, at: number): number {
  return FLOOR + SPAN * retained(retention, at);
}
