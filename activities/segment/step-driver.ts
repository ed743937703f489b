import { AppError } from '../../contracts/app-error.ts';
import { HandBack, type Driver } from '../../engine/drive.ts';
import type { Frontier, RunEnd, Token } from '../../contracts/frontier.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { StepCall, StepOutcome } from '../../contracts/step.ts';
import type { StepExecution, StepOptions } from '../step/execute-step.ts';

/** The call that a token stands for. */
export function toCall(token: Token): StepCall {
  const { stepId, nodeId, op, visit, key, parentStepId, callIndex } = token;
  return {
    stepId,
    nodeId,
    op,
    visit,
    key,
    ...(parentStepId === undefined ? {} : { parentStepId }),
    ...(callIndex === undefined ? {} : { callIndex }),
  };
}

/** How a driver executes the steps that it is given. */
export interface StepDriverOptions {
  readonly ref: RunRef;
  readonly epoch: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  mayRun(token: Token): boolean;
  shouldStop(stepsStarted: number): boolean;
  /** Executes the step with all its attempts; throws `HandBack` to leave it to another gear. */
  run(
    token: Token,
    options: Pick<StepOptions, 'epoch' | 'signal' | 'after'>,
  ): Promise<StepExecution>;
}

/** A driver that remembers what its caller has to know afterwards. */
export class StepDriver implements Driver {
  readonly #options: StepDriverOptions;
  readonly #stops = new Map<string, AbortController>();
  readonly #seen = new Map<string, Token>();
  readonly #dropped = new Map<string, Token>();
  readonly #handedBack: string[] = [];
  readonly #ran: string[] = [];
  #started = 0;
  #endPreviewed = false;
  #end: RunEnd | null = null;

  constructor(options: StepDriverOptions, frontier: Frontier) {
    this.#options = options;
    for (const token of frontier.tokens) this.#seen.set(token.stepId, token);
  }

  /** The end that was committed with a step; null if none was. */
  get end(): RunEnd | null {
    return this.#end;
  }

  /** Steps executed, in the order in which they finished. */
  get ran(): readonly string[] {
    return this.#ran;
  }

  get handedBack(): readonly string[] {
    return this.#handedBack;
  }

  /** Steps that the run dropped while they may have left something in the journal. */
  get dropped(): readonly StepCall[] {
    return [...this.#dropped.values()].map(toCall);
  }

  mayRun(token: Token): boolean {
    return this.#options.mayRun(token);
  }

  now(): number {
    return this.#options.now();
  }

  shouldStop(): boolean {
    return this.#options.signal.aborted || this.#options.shouldStop(this.#started);
  }

  cancelled(stepIds: readonly string[]): void {
    for (const stepId of stepIds) {
      this.#stops.get(stepId)?.abort(new AppError('step.superseded', 'the step is not wanted'));
      const token = this.#seen.get(stepId);
      if (token !== undefined) this.#dropped.set(stepId, token);
    }
  }

  async execute(token: Token, after: (outcome: StepOutcome) => Frontier): Promise<StepOutcome> {
    const { signal, epoch } = this.#options;
    const stop = new AbortController();
    const pass = (): void => {
      stop.abort(signal.reason);
    };
    signal.addEventListener('abort', pass, { once: true });
    this.#seen.set(token.stepId, token);
    this.#stops.set(token.stepId, stop);
    this.#started += 1;
    try {
      const { outcome, end } = await this.#options.run(token, {
        epoch,
        signal: stop.signal,
        after: (result) => this.#preview(after(result)),
      });
      this.#end = end ?? this.#end;
      this.#ran.push(token.stepId);
      return outcome;
    } catch (error) {
      if (error instanceof HandBack) this.#handedBack.push(token.stepId);
      // Another step is ending the run at this moment: this one simply comes too late.
      else if (this.#endPreviewed && isSuperseded(error)) throw new HandBack();
      throw error;
    } finally {
      signal.removeEventListener('abort', pass);
      this.#stops.delete(token.stepId);
    }
  }

  #preview(frontier: Frontier): RunEnd | null {
    if (frontier.end !== null) this.#endPreviewed = true;
    return frontier.end;
  }
}

function isSuperseded(error: unknown): boolean {
  return error instanceof AppError && error.code === 'step.superseded';
}
