import type { AgentSpec, NodeSpec } from '../contracts/agent-spec.ts';
import type { Gear } from '../contracts/plan.ts';

/** Nodes that a run goes around in; step counts are one more than a multiple of it. */
const LOOP = 9;

/**
 * A graph whose run takes exactly that many steps: one `end` node, or nine counting `set` nodes gone
 * around in as often as needed and an `end`. One shape for all lengths, so that lengths compare.
 */
export function stepsGraph(steps: number, gear: Gear): AgentSpec {
  const end: NodeSpec = { id: 'done', type: 'end', durability: gear, config: { value: 'state.n' } };
  const channels = { n: { reducer: 'replace' as const, default: 0 } };
  const budgets = { maxSteps: steps + 10 };
  if (steps === 1) return { budgets, graph: { channels, nodes: [end], edges: [] } };
  if ((steps - 1) % LOOP !== 0) throw new Error(`no graph takes ${steps} steps`);
  const nodes = Array.from({ length: LOOP }, (_, index): NodeSpec => ({
    id: `n${index}`,
    type: 'set',
    durability: gear,
    config: { values: { n: 'state.n + 1' } },
  }));
  const forward = nodes.slice(1).map((_, index) => ({
    type: 'normal' as const,
    from: `n${index}`,
    to: `n${index + 1}`,
  }));
  const back = {
    type: 'conditional' as const,
    from: `n${LOOP - 1}`,
    cases: [{ when: `state.n < ${steps - 1}`, to: 'n0' }],
    else: 'done',
  };
  return { budgets, graph: { channels, nodes: [...nodes, end], edges: [...forward, back] } };
}
