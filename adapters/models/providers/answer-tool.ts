import type { ToolDefinition } from '../port.ts';
import { ANSWER_TOOL, type OutputPlan } from '../structured-output.ts';

/** The tool by which a model gives its structured output. */
export function answerTool(plan: OutputPlan): ToolDefinition {
  return {
    name: ANSWER_TOOL,
    description: 'Gives the final answer. Call it once, when everything else is done.',
    parameters: plan.schema,
  };
}
