import { advance } from './advance.ts';
import type { Frontier, Token } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepOutcome } from '../contracts/step.ts';

/** Thrown by `Driver.execute`: the step stays ready and is left to another gear. */
export class HandBack extends Error {
  constructor(message = 'the step is left to another gear') {
    super(message);
    this.name = 'HandBack';
  }
}

/** What drives a run's steps: a segment, or a run in process. */
export interface Driver {
  /** Whether this gear executes the step; others stay ready in the frontier. */
  mayRun(token: Token): boolean;
  /**
   * Executes a step. `after` previews where the run stands once the outcome counts; call it at the
   * moment of the commit, so that the run's end can be committed with its last step. Two steps that
   * commit at the same time may both see a run that goes on: whoever drives commits the end then.
   */
  execute(token: Token, after: (outcome: StepOutcome) => Frontier): Promise<StepOutcome>;
  /** Told of steps that are not wanted any more; those in flight should stop. */
  cancelled(stepIds: readonly string[]): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** True: no further step is started; those in flight are waited for. */
  shouldStop(): boolean;
}

/** A drive under way. */
interface Drive {
  readonly plan: Plan;
  readonly driver: Driver;
  current: Frontier;
  readonly inFlight: Set<string>;
  readonly handedBack: Set<string>;
  failure: { readonly error: unknown } | null;
  wake: () => void;
}

/**
 * Executes ready steps, all that may run at once, until none is left, and answers with where the run
 * stands. When an execution throws, those in flight are waited for and the first error is thrown; a
 * step that is not wanted any more may throw what it likes.
 */
export async function drive(plan: Plan, frontier: Frontier, driver: Driver): Promise<Frontier> {
  const state: Drive = {
    plan,
    driver,
    current: frontier,
    inFlight: new Set(),
    handedBack: new Set(),
    failure: null,
    wake: () => undefined,
  };
  for (;;) {
    startReady(state);
    if (state.inFlight.size === 0) break;
    // Nothing settles before this: executions settle in later turns than the one that starts them.
    await new Promise<void>((resolve) => (state.wake = resolve));
  }
  if (state.failure !== null) throw state.failure.error;
  return state.current;
}

function startReady(state: Drive): void {
  const { driver, inFlight, handedBack } = state;
  for (const token of state.current.tokens) {
    if (state.failure !== null || driver.shouldStop()) return;
    const { stepId, waitingFor } = token;
    if (waitingFor !== undefined || inFlight.has(stepId) || handedBack.has(stepId)) continue;
    if (!driver.mayRun(token)) continue;
    inFlight.add(stepId);
    void run(state, token);
  }
}

async function run(state: Drive, token: Token): Promise<void> {
  const { plan, driver } = state;
  const { stepId } = token;
  // The outcome counts at the moment of its preview, so that what was committed is what happens.
  const preview: { at: number | null } = { at: null };
  const after = (outcome: StepOutcome): Frontier => {
    preview.at = driver.now();
    return advance(plan, state.current, { stepId, outcome, now: preview.at }).frontier;
  };
  try {
    const outcome = await driver.execute(token, after);
    const now = preview.at ?? driver.now();
    const advanced = advance(plan, state.current, { stepId, outcome, now });
    state.current = advanced.frontier;
    if (advanced.cancelled.length > 0) driver.cancelled(advanced.cancelled);
  } catch (error) {
    if (error instanceof HandBack) state.handedBack.add(stepId);
    else if (state.current.tokens.some((open) => open.stepId === stepId)) {
      state.failure ??= { error };
    }
  } finally {
    state.inFlight.delete(stepId);
    state.wake();
  }
}
