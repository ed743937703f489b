import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Frontier, RunEnd, Token } from '../contracts/frontier.ts';
import type { RunAgent, RunStepResult, SettledTask } from '../activities/agent-run-types.ts';
import type { AgentRunInput, CarriedOver, DecideArgs } from './agent-run-types.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepCall } from '../contracts/step.ts';
import { advance, cancelRun, settle } from '../engine/advance.ts';
import { showStatus, shownStatus, type ShownStatus } from './shown-status.ts';
import { lightActivities, stepActivities } from './activity-proxies.ts';
import { Deadlines } from './deadlines.ts';
import { describeRun } from './details.ts';
import { segmentSummary } from './segment-summary.ts';
import { startLearning } from './start-learning.ts';
import { toCall } from './to-call.ts';
import { toStepFailure } from './step-failure.ts';

/** Behind this many events the run goes on in a fresh history. */
const MAX_HISTORY_EVENTS = 1_000;
const MAX_CARRIED_DECISIONS = 200;

/** News for the interpreter; applied one by one between segments. */
type News =
  | { readonly kind: 'outcome'; readonly stepId: string; readonly result: RunStepResult }
  | { readonly kind: 'settled'; readonly taskId: string }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Drives one run on Temporal: the engine decides, activities execute. */
export class Interpreter {
  readonly #input: AgentRunInput;
  #frontier: Frontier | null;
  #plan: Plan | null = null;
  #agent: Pick<RunAgent, 'name' | 'version'> = { name: '', version: '' };
  #handedBack: readonly string[];
  #lastSegment: readonly string[] = [];
  #recorded = false;
  #status: ShownStatus;
  readonly #news: News[] = [];
  readonly #inFlight = new Map<string, CancellationScope>();
  readonly #deadlines: Deadlines;
  readonly #decided: Map<string, string>;
  /** Steps that a join has made needless, until the journal knows. */
  readonly #dropped: StepCall[] = [];
  /** Settled before the interpreter learned that a step waits for it. */
  readonly #early = new Set<string>();

  constructor(input: AgentRunInput) {
    this.#input = input;
    this.#frontier = input.carried?.frontier ?? null;
    this.#handedBack = input.carried?.handedBack ?? [];
    this.#decided = new Map(input.carried?.decided ?? []);
    this.#status = shownStatus(this.#frontier);
    this.#deadlines = new Deadlines(
      (taskId) => this.#expire(taskId),
      (error) => this.#news.push({ kind: 'failed', error }),
    );
  }

  /** The decision that a task already has, if it is another one. */
  conflictingDecision({ taskId, decision }: DecideArgs): string | null {
    const first = this.#decided.get(taskId);
    return first === undefined || first === decision.decisionId ? null : first;
  }

  /** Journals a decision, then lets the waiting step go on. */
  async decide({ taskId, decision }: DecideArgs): Promise<SettledTask> {
    this.#decided.set(taskId, decision.decisionId);
    const standing = await lightActivities(`decision on ${taskId}`).recordDecision({
      ...this.#ref(),
      taskId,
      decision,
    });
    this.#news.push({ kind: 'settled', taskId });
    return standing;
  }

  /** Runs to the end and answers with it, or continues as new. */
  async run(): Promise<RunEnd> {
    await this.#runSegment(true);
    for (;;) {
      this.#applyNews();
      const frontier = this.#current();
      if (frontier.end !== null) return this.#finish(frontier.end);
      if (this.#dropped.length > 0) await this.#closeDropped();
      if (this.#mustContinueAsNew()) await this.#continueAsNew();
      if (this.#ready('segment').length > 0) {
        await this.#runSegment(false);
        continue;
      }
      if (!this.#historyIsLong()) for (const token of this.#ready('step')) this.#startStep(token);
      this.#deadlines.watch(this.#current().tokens);
      this.#describe();
      await condition(() => this.#news.length > 0 || this.#mustContinueAsNew());
    }
  }

  /** Ends a cancelled run: waits until what runs has stopped, then journals the end. */
  async stop(end: RunEnd): Promise<RunEnd> {
    for (const scope of this.#inFlight.values()) scope.cancel();
    this.#deadlines.cancelAll();
    await condition(() => this.#inFlight.size === 0);
    if (this.#frontier !== null) this.#frontier = cancelRun(this.#frontier).frontier;
    return this.#record(end);
  }

  #ref(): { workspaceId: string; runId: string } {
    return { workspaceId: this.#input.workspaceId, runId: this.#input.runId };
  }

  #current(): Frontier {
    if (this.#frontier === null) throw new Error('the run has not begun');
    return this.#frontier;
  }

  async #runSegment(withPlan: boolean): Promise<void> {
    const ready = this.#frontier === null ? null : this.#ready('segment');
    const result = await lightActivities(segmentSummary(this.#plan, ready)).runSegment({
      ...this.#ref(),
      frontier: this.#frontier,
      handedBack: [...this.#handedBack, ...this.#inFlight.keys()],
      ...(withPlan ? { withPlan } : {}),
    });
    this.#frontier = result.frontier;
    this.#handedBack = result.handedBack.filter((id) => !this.#inFlight.has(id));
    this.#recorded = result.frontier.end !== null;
    this.#lastSegment = result.ran;
    this.#plan = result.plan ?? this.#plan;
    this.#agent = result.agent ?? this.#agent;
    this.#cancelDropped();
  }

  #ready(gear: Token['gear']): readonly Token[] {
    return this.#current().tokens.filter((token) => {
      if (token.waitingFor !== undefined || this.#inFlight.has(token.stepId)) return false;
      const effective = this.#handedBack.includes(token.stepId) ? 'step' : token.gear;
      return effective === gear;
    });
  }

  #startStep(token: Token): void {
    const scope = new CancellationScope();
    this.#inFlight.set(token.stepId, scope);
    scope
      .run(() => this.#executeStep(token))
      .then(
        (result) => this.#news.push({ kind: 'outcome', stepId: token.stepId, result }),
        (error: unknown) => {
          if (!isCancellation(error)) this.#news.push({ kind: 'failed', error });
        },
      )
      .finally(() => this.#inFlight.delete(token.stepId));
  }

  async #executeStep(token: Token): Promise<RunStepResult> {
    const args = {
      ...this.#ref(),
      epoch: this.#current().epoch,
      call: toCall(token),
      maxAttempts: token.retry.maxAttempts,
      ...this.#lastFrontier(token),
    };
    try {
      return await stepActivities(token).runStep(args);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = toStepFailure(error);
      const { workspaceId, runId, epoch, call } = args;
      const given = { workspaceId, runId, epoch, call, failure };
      return lightActivities(`give up ${token.stepId}`).failStep(given);
    }
  }

  /** Given to a step that may be the run's last, so that it commits the end with its result. */
  #lastFrontier(token: Token): { readonly frontier?: Frontier } {
    const frontier = this.#current();
    const exit = this.#plan?.nodes[token.nodeId]?.exit.kind;
    return exit === 'none' && frontier.tokens.length === 1 ? { frontier } : {};
  }

  #applyNews(): void {
    for (const news of this.#news.splice(0)) {
      if (news.kind === 'failed') throw news.error;
      if (news.kind === 'settled') this.#settle(news.taskId);
      else this.#applyResult(news.stepId, news.result);
    }
  }

  #applyResult(stepId: string, { outcome, end }: RunStepResult): void {
    if (this.#plan === null) throw new Error('the plan is not loaded');
    const before = this.#current().tokens;
    const next = advance(this.#plan, this.#current(), { stepId, outcome, now: Date.now() });
    this.#frontier = next.frontier;
    if (end !== undefined) {
      this.#frontier = { ...next.frontier, end };
      this.#recorded = true;
    }
    const cancelled = new Set(next.cancelled);
    this.#dropped.push(...before.filter((token) => cancelled.has(token.stepId)).map(toCall));
    this.#handedBack = this.#handedBack.filter((id) => id !== stepId);
    this.#cancelDropped();
    if (outcome.kind === 'wait' && this.#early.has(outcome.taskId)) this.#settle(outcome.taskId);
  }

  #settle(taskId: string): void {
    const waits = this.#current().tokens.some((token) => token.waitingFor?.taskId === taskId);
    if (!waits) {
      this.#early.add(taskId);
      return;
    }
    this.#early.delete(taskId);
    this.#frontier = settle(this.#current(), taskId);
    this.#deadlines.cancel(taskId);
  }

  /** Stops activities and clocks of steps that the engine has dropped. */
  #cancelDropped(): void {
    const { tokens } = this.#current();
    const steps = new Set(tokens.map((token) => token.stepId));
    for (const [stepId, scope] of this.#inFlight) if (!steps.has(stepId)) scope.cancel();
    this.#deadlines.keepOnly(tokens);
  }

  /** Closes steps that are not wanted any more, and their open tasks. */
  async #closeDropped(): Promise<void> {
    const calls = this.#dropped.splice(0);
    const { epoch } = this.#current();
    await lightActivities('close dropped steps').cancelSteps({ ...this.#ref(), epoch, calls });
  }

  async #expire(taskId: string): Promise<void> {
    await lightActivities(`expire ${taskId}`).expireTask({ ...this.#ref(), taskId });
    this.#news.push({ kind: 'settled', taskId });
  }

  #describe(): void {
    setCurrentDetails(
      describeRun({
        agent: this.#agent,
        workspaceId: this.#input.workspaceId,
        frontier: this.#current(),
        lastSegment: this.#lastSegment,
      }),
    );
    this.#status = showStatus(this.#current(), this.#status);
  }

  #historyIsLong(): boolean {
    const info = workflowInfo();
    return info.continueAsNewSuggested || info.historyLength > MAX_HISTORY_EVENTS;
  }

  #mustContinueAsNew(): boolean {
    return this.#historyIsLong() && this.#inFlight.size === 0 && this.#news.length === 0;
  }

  async #continueAsNew(): Promise<never> {
    this.#deadlines.cancelAll();
    await condition(allHandlersFinished);
    this.#applyNews();
    const carried: CarriedOver = {
      frontier: this.#current(),
      handedBack: this.#handedBack,
      decided: [...this.#decided].slice(-MAX_CARRIED_DECISIONS),
    };
    return continueAsNew<(input: AgentRunInput) => Promise<void>>({ ...this.#ref(), carried });
  }

  async #finish(end: RunEnd): Promise<RunEnd> {
    for (const scope of this.#inFlight.values()) scope.cancel();
    this.#deadlines.cancelAll();
    await condition(() => this.#inFlight.size === 0);
    const standing = this.#recorded ? end : await this.#record(end);
    const learns = this.#plan?.learns === true && standing.status === 'succeeded';
    if (learns) await startLearning(this.#ref());
    this.#describe();
    await condition(allHandlersFinished);
    return standing;
  }

  async #record(end: RunEnd): Promise<RunEnd> {
    const args = { ...this.#ref(), epoch: this.#frontier?.epoch ?? 0, end };
    return (await lightActivities(`end: ${end.status}`).finishRun(args)).end;
  }
}
