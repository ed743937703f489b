import type { Budgets, Plan, PlanExit, PlanJoin, PlanNode } from '../contracts/plan.ts';
import { DEFAULT_BUDGETS } from '../contracts/limits.ts';

/** A node of a test plan: at most one of `to`, `cases` and `fan`. */
export interface NodeSketch {
  readonly type?: string;
  readonly to?: string;
  readonly cases?: readonly string[];
  readonly else?: string;
  readonly fan?: readonly string[];
  readonly join?: PlanJoin;
  readonly goto?: string;
}

/** Attempts of test steps: one. */
export const ONE_ATTEMPT = {
  maxAttempts: 1,
  initialIntervalMs: 0,
  backoff: 1,
  maxIntervalMs: 0,
} as const;

/** A plan as compilation would make it of these nodes; the first one is the start. */
export function planOf(
  nodes: Readonly<Record<string, NodeSketch>>,
  budgets: Partial<Budgets> = {},
): Plan {
  const entries = Object.entries(nodes).map(([id, sketch]): [string, PlanNode] => [
    id,
    {
      type: sketch.type ?? 'set',
      gear: 'segment',
      timeoutMs: 1_000,
      heartbeat: false,
      retry: ONE_ATTEMPT,
      onErrorGoto: sketch.goto ?? null,
      exit: exitOf(sketch),
      join: sketch.join ?? null,
      reaches: joinsBehind(nodes, id),
    },
  ]);
  return {
    start: entries[0]?.[0] ?? '',
    nodes: Object.fromEntries(entries),
    budgets: { ...DEFAULT_BUDGETS, ...budgets },
  };
}

function exitOf(sketch: NodeSketch): PlanExit {
  if (sketch.to !== undefined) return { kind: 'normal', to: sketch.to };
  if (sketch.fan !== undefined) return { kind: 'fanout', to: sketch.fan };
  if (sketch.cases !== undefined) {
    return { kind: 'conditional', cases: sketch.cases, else: sketch.else ?? null };
  }
  return { kind: 'none' };
}

function joinsBehind(nodes: Readonly<Record<string, NodeSketch>>, from: string): string[] {
  const seen = new Set<string>();
  const stack = [from];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const node = nodes[id] ?? {};
    const next = [node.to, node.else, node.goto, ...(node.cases ?? []), ...(node.fan ?? [])];
    for (const target of next) {
      if (target === undefined || seen.has(target)) continue;
      seen.add(target);
      stack.push(target);
    }
  }
  return [...seen].filter((id) => nodes[id]?.join !== undefined);
}
