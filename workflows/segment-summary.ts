import { previewSegment } from '../engine/preview-segment.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Token } from '../contracts/frontier.ts';

/** What operators read of a segment before it runs; `ready` is null for a run that begins. */
export function segmentSummary(plan: Plan | null, ready: readonly Token[] | null): string {
  if (ready === null) return 'segment from the start';
  const names = ready.map(({ nodeId }) => nodeId);
  // Behind continue-as-new the plan comes with the segment.
  if (plan === null) return `segment from ${names[0] ?? 'here'}`;
  return `segment: ${previewSegment(plan, names)}`;
}
