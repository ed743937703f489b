import type { Plan } from '../contracts/plan.ts';

const MAX_NAMES = 8;
/** Temporal refuses a summary of more than 400 bytes. */
const MAX_CHARS = 200;
const MORE = '…';

/** Types that come to a stop, or go on with calls that nobody knows before. */
const STOPPING_TYPES: ReadonlySet<string> = new Set(['human', 'agent']);

/**
 * What a segment from these nodes is likely to run, as far as the plan tells: along edges without a
 * choice, up to the first node that is no segment's. `…` stands for what is decided on the way.
 */
export function previewSegment(plan: Plan, starts: readonly string[]): string {
  const paths: string[] = [];
  let left = MAX_NAMES;
  for (const start of starts) {
    const path = pathFrom(plan, start, left);
    left -= path.names.length;
    paths.push(path.names.join(' → ') + (path.goesOn ? MORE : ''));
    if (left === 0) break;
  }
  const text = paths.join(', ') + (paths.length < starts.length ? MORE : '');
  const short = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) + MORE : text;
  return short.replace(/…{2,}$/, MORE);
}

interface Path {
  readonly names: readonly string[];
  /** Something follows, and the plan alone does not tell what. */
  readonly goesOn: boolean;
}

function pathFrom(plan: Plan, start: string, limit: number): Path {
  const names = [start];
  for (let node = plan.nodes[start]; node !== undefined;) {
    const { exit, type } = node;
    if (exit.kind === 'none') break;
    if (exit.kind !== 'normal' || STOPPING_TYPES.has(type)) return { names, goesOn: true };
    node = plan.nodes[exit.to];
    if (node?.gear !== 'segment') break;
    if (node.join !== null || names.length >= limit) return { names, goesOn: true };
    names.push(exit.to);
  }
  return { names, goesOn: false };
}
