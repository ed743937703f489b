import type { StepCall } from '../contracts/step.ts';
import type { Token } from '../contracts/frontier.ts';

/** The step that a token stands for. */
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
