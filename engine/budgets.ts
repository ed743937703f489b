import type { Budgets } from '../contracts/plan.ts';
import type { Token } from '../contracts/frontier.ts';
import type { Usage } from '../contracts/step.ts';

/** What counts when a step is about to be added. */
export interface Spending {
  readonly used: Usage;
  /** Steps added so far. */
  readonly steps: number;
  readonly elapsedMs: number;
  /** Steps that have not finished. */
  readonly tokens: readonly Token[];
  readonly typeOf: (nodeId: string) => string;
}

/** A step that is about to be added, or has not finished. */
type OpenStep = Pick<Token, 'nodeId' | 'op' | 'waitingFor'>;

/** Node types whose steps call a model. */
const MODEL_TYPES: readonly string[] = ['model', 'agent'];

/** The sum of two uses. */
export function addUsage(a: Usage, b: Usage | undefined): Usage {
  if (b === undefined) return a;
  return {
    modelCalls: a.modelCalls + b.modelCalls,
    toolCalls: a.toolCalls + b.toolCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
}

/** The budget that one more step would exceed; null if there is none. */
export function exceededBudget(
  budgets: Budgets,
  spending: Spending,
  next: OpenStep,
): keyof Budgets | null {
  const { used } = spending;
  if (spending.steps + 1 > budgets.maxSteps) return 'maxSteps';
  if (spending.elapsedMs > budgets.maxDurationMs) return 'maxDurationMs';
  if (used.inputTokens + used.outputTokens > budgets.maxTokens) return 'maxTokens';
  if (used.modelCalls + ahead(spending, next, callsModel) > budgets.maxModelCalls) {
    return 'maxModelCalls';
  }
  if (used.toolCalls + ahead(spending, next, callsTool) > budgets.maxToolCalls) {
    return 'maxToolCalls';
  }
  return null;
}

/**
 * Calls that the next step and the unfinished ones are about to make: were they not counted,
 * parallel branches would pass a ceiling together. None, if the next step makes no such call.
 */
function ahead(
  spending: Spending,
  next: OpenStep,
  calls: (typeOf: Spending['typeOf'], step: OpenStep) => boolean,
): number {
  if (!calls(spending.typeOf, next)) return 0;
  return 1 + spending.tokens.filter((token) => calls(spending.typeOf, token)).length;
}

function callsModel(typeOf: Spending['typeOf'], step: OpenStep): boolean {
  // A waiting step has made its model call and counted it.
  if (step.op === 'call' || step.waitingFor !== undefined) return false;
  return MODEL_TYPES.includes(typeOf(step.nodeId));
}

function callsTool(typeOf: Spending['typeOf'], step: OpenStep): boolean {
  return step.op === 'call' || typeOf(step.nodeId) === 'tool';
}
