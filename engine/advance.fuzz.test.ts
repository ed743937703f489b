import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, begin } from './advance.ts';
import { ONE_ATTEMPT, planOf, type NodeSketch } from './plan.fixture.ts';
import type { Frontier, RunEnd } from '../contracts/frontier.ts';
import type { Plan, PlanJoin } from '../contracts/plan.ts';
import type { SpawnedCall, StepOutcome } from '../contracts/step.ts';

const NODES = 8;
const CALL: SpawnedCall = { gear: 'step', timeoutMs: 1, retry: ONE_ATTEMPT, heartbeat: false };
const RUNS = { numRuns: 400 };

const node = fc.nat({ max: NODES - 1 }).map((index) => `n${index}`);
const depth = fc.nat({ max: 2 });
const allJoin: fc.Arbitrary<PlanJoin> = depth.map((at) => ({ mode: 'all', depth: at }));
const anyJoin: fc.Arbitrary<PlanJoin> = fc.oneof(
  allJoin,
  depth.map((at): PlanJoin => ({ mode: 'any', depth: at })),
  depth.map((at): PlanJoin => ({ mode: 'n', count: 2, depth: at })),
);

function graphOf(join: fc.Arbitrary<PlanJoin>): fc.Arbitrary<Plan> {
  const exit: fc.Arbitrary<NodeSketch> = fc.oneof(
    fc.constant({}),
    node.map((to) => ({ to })),
    fc.tuple(node, node).map(([a, b]) => ({ cases: [a], else: b })),
    fc.uniqueArray(node, { minLength: 2, maxLength: 3 }).map((fan) => ({ fan })),
  );
  const sketch = fc
    .tuple(exit, fc.option(join, { nil: undefined }), fc.option(node, { nil: undefined }))
    .map(([way, at, goto]): NodeSketch => ({
      ...way,
      ...(at === undefined ? {} : { join: at }),
      ...(goto === undefined ? {} : { goto }),
    }));
  return fc
    .array(sketch, { minLength: NODES, maxLength: NODES })
    .map((list) =>
      planOf(Object.fromEntries(list.map((item, at) => [`n${at}`, item])), { maxSteps: 100 }),
    );
}

/** A number that depends on the text and the seed alone. */
function hash(text: string, seed: number): number {
  let value = seed + 1;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return value >>> 5;
}

/** What a step does is decided by its id, as its effect would: not by when it executes. */
function outcomeOf(stepId: string, op: 'node' | 'call'): StepOutcome {
  if (op === 'call') return { kind: 'done' };
  const dice = hash(stepId, 7) % 10;
  if (dice === 0) return { kind: 'spawn', calls: [CALL, CALL] };
  return { kind: 'done', take: dice % 2 === 0 ? 0 : -1 };
}

interface Played {
  readonly steps: ReadonlyMap<string, string>;
  readonly end: RunEnd;
}

/** Plays a run to its end; the seed says which of the ready steps finishes next. */
function play(plan: Plan, seed: number): Played {
  const steps = new Map<string, string>();
  const keys = new Set<string>();
  let frontier: Frontier = begin(plan, 0);
  const note = (): void => {
    let before = '';
    for (const { stepId, key } of frontier.tokens) {
      if (key <= before) throw new Error(`${key} comes behind ${before}`);
      before = key;
      if (steps.get(stepId) === key) continue;
      if (steps.has(stepId) || keys.has(key)) throw new Error(`${stepId} at ${key} comes twice`);
      steps.set(stepId, key);
      keys.add(key);
    }
  };
  note();
  for (let turn = 0; frontier.end === null; turn++) {
    const token = frontier.tokens[hash(String(turn), seed) % frontier.tokens.length];
    if (token === undefined) throw new Error('a run that has not ended has nothing to do');
    const { stepId } = token;
    const outcome = outcomeOf(stepId, token.op);
    frontier = advance(plan, frontier, { stepId, outcome, now: 0 }).frontier;
    note();
  }
  return { steps, end: frontier.end };
}

describe('any graph', () => {
  test('gives every step an id and a place of its own, and every run an end', () => {
    fc.assert(
      fc.property(graphOf(anyJoin), fc.nat(), (plan, seed) => {
        expect(play(plan, seed).end.status).toMatch(/succeeded|failed/);
      }),
      RUNS,
    );
  });

  test('takes the same steps in every order of finishing when its joins wait for all', () => {
    fc.assert(
      fc.property(graphOf(allJoin), fc.nat(), fc.nat(), (plan, one, other) => {
        const [a, b] = [play(plan, one), play(plan, other)];
        // A run that fails stops where it is, which depends on what was faster.
        if (a.end.status === 'failed') {
          expect(b.end.status).toBe('failed');
          return;
        }
        expect(new Map([...b.steps].sort())).toEqual(new Map([...a.steps].sort()));
      }),
      RUNS,
    );
  });
});
